/** What GET /berth/{containers,volumes}/{id}/files answers. Names are a container's own words: never to be trusted. */
import { z } from 'zod';

export const fileTypes = ['file', 'directory', 'symlink', 'fifo', 'socket', 'char', 'block'] as const;

export const fileEntry = z.object({
  Name: z.string(),
  Size: z.number(),
  /** st_mode's permission bits, setuid, setgid and sticky among them. */
  Mode: z.number(),
  Uid: z.number(),
  Gid: z.number(),
  /** RFC 3339 with nanoseconds. */
  ModTime: z.string(),
  Type: z.enum(fileTypes),
  LinkTarget: z.string().nullish(),
});
export type FileEntry = z.infer<typeof fileEntry>;

export const fileList = z.object({
  Entries: z.array(fileEntry),
  /** There are more than the host tells. */
  Truncated: z.boolean().nullish(),
});
export type FileList = z.infer<typeof fileList>;
