/** A layer from what was written over an image. */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { closeFd, openRoot } from '@berth/native';
import { packTree } from '../files/tar.ts';
import { changeEntries, type Entry } from '../files/tar-entries.ts';
import type { Layer, Layers } from './layers.ts';

/** Where the runtime mounts, made by it in an image that lacks them: no work of the program. */
export const mountPoints = [
  'dev',
  'dev/pts',
  'dev/shm',
  'dev/mqueue',
  'proc',
  'sys',
  'etc/hostname',
  'etc/hosts',
  'etc/resolv.conf',
];

function isMountPoint(entry: Entry): boolean {
  const name = entry.name.replace(/\/$/, '');
  return mountPoints.includes(name) && entry.sizeBytes === 0 && (entry.type === '0' || entry.type === '5');
}

export interface WrittenTree {
  upper: string;
  work: string;
}

/** To be written over `lower`, topmost first: it begins with the owner and mode of the root below. */
export function makeTree(directory: string, lower: readonly string[]): WrittenTree {
  const tree = { upper: path.join(directory, 'upper'), work: path.join(directory, 'work') };
  for (const one of [tree.upper, tree.work]) mkdirSync(one, { recursive: true, mode: 0o755 });
  const [top] = lower;
  if (top !== undefined) {
    const { uid, gid, mode } = statSync(top);
    chownSync(tree.upper, uid, gid);
    chmodSync(tree.upper, mode & 0o7777);
  }
  return tree;
}

/** Null when nothing was written. */
export async function ingestUpper(
  layers: Layers,
  upper: string,
  parent: string | null,
  signal: AbortSignal,
): Promise<Layer | null> {
  if (!existsSync(upper) || isUntouched(upper)) return null;
  const root = openRoot(upper);
  try {
    return await layers.ingest({
      diffId: null,
      parent,
      blob: null,
      open: async () => {
        const written = packTree(root, '/', { name: '', mode: 'layer' });
        const kept = changeEntries((entry) => (isMountPoint(entry) ? null : entry));
        written.on('error', (error) => kept.destroy(error));
        return written.pipe(kept);
      },
      signal,
    });
  } finally {
    closeFd(root);
  }
}

/** Nothing in it, or mount points alone. A program may have left a link where `etc` was. */
function isUntouched(upper: string, below = ''): boolean {
  const entries = readdirSync(path.join(upper, below), { withFileTypes: true });
  return entries.every((entry) => {
    const name = path.join(below, entry.name);
    if (name === 'etc')
      return entry.isDirectory() && readdirSync(path.join(upper, name)).length > 0 && isUntouched(upper, name);
    if (!mountPoints.includes(name)) return false;
    if (entry.isDirectory()) return isUntouched(upper, name);
    return entry.isFile() && statSync(path.join(upper, name)).size === 0;
  });
}
