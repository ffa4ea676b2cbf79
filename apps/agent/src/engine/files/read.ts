/** The content of a regular file. */
import { createReadStream, type ReadStream } from 'node:fs';
import { closeFd, openFileInRoot } from '@berth/native';
import { checkPath, explain } from './failures.ts';
import { type Place, withRoot } from './place.ts';

export interface OpenFile {
  sizeBytes: number;
  mtimeMs: number;
  /** Changes with every change of the file. */
  version: string;
  /** Bytes `start` up to and with `end`. Either this or `close`, once. */
  read(start: number, end: number): ReadStream;
  close(): void;
}

/** @throws not-found, invalid-parameter for what is no regular file, forbidden for the kernel's own */
export async function openFile(place: Place, path: string): Promise<OpenFile> {
  checkPath(path);
  const { fd, sizeBytes, mtimeNanos, version } = await withRoot(place, (root) =>
    openFileInRoot(root, path).catch((error) => explain(place, path, error)),
  );
  return {
    sizeBytes,
    mtimeMs: Number(mtimeNanos / 1_000_000n),
    version,
    read: (start, end) => createReadStream('', { fd, start, end }),
    close: () => closeFd(fd),
  };
}
