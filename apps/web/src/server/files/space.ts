/** Where a file browser looks: the root of a container or a volume. */
import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import { containerOf } from '../inventory/container-of.ts';
import { volumeOf } from '../inventory/volume-of.ts';

export const spaceKinds = z.enum(['containers', 'volumes']);

export interface FileSpace {
  kind: z.infer<typeof spaceKinds>;
  hostId: string;
  /** Where the engine's routes for its files begin. */
  base: string;
  id: string;
  name: string;
}

const pathBytesMax = 4096;

/** @throws not-found */
export function fileSpace({ hostId, kind, id }: { hostId: string; kind: string; id: string }): FileSpace {
  const parsed = spaceKinds.safeParse(kind);
  if (!parsed.success) throw new EngineError('not-found', 'There is nothing with files of that kind.');
  if (parsed.data === 'volumes') {
    const { name } = volumeOf(hostId, id);
    return { kind: 'volumes', hostId, base: `/berth/volumes/${encodeURIComponent(name)}`, id: name, name };
  }
  const container = containerOf(hostId, id);
  return {
    kind: 'containers',
    hostId,
    base: `/berth/containers/${container.id}`,
    id: container.id,
    name: container.name,
  };
}

/** What the host makes of a path is its affair; here it only has to be one. @throws invalid-parameter */
export function filePath(path: string | null): string {
  if (path === null || !path.startsWith('/') || path.includes('\0') || Buffer.byteLength(path) > pathBytesMax)
    throw new EngineError('invalid-parameter', 'A path begins with a slash and has at most 4096 bytes.');
  return path;
}

export function auditSubject({ hostId, id, name }: FileSpace, action: string, path?: string) {
  return { action, hostId, targetId: id, targetName: path === undefined ? name : `${name}:${path}` };
}
