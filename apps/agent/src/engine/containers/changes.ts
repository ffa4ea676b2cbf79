/** `docker diff`: what a container wrote, against its image. */
import { closeFd, compareOverlay, openOverlay, openRoot } from '@berth/native';
import type { Context } from './context.ts';
import type { ContainerRecord } from './store.ts';

export interface Change {
  Path: string;
  /** 0 changed, 1 added, 2 removed. */
  Kind: 0 | 1 | 2;
}

const kinds = { changed: 0, added: 1, removed: 2 } as const;

/** @throws not-found */
export async function changes(context: Context, record: ContainerRecord): Promise<Change[] | null> {
  const { layerDirs } = context.images.resolve(record.imageId);
  const { upper } = context.layer(record.id);
  const written = openOrNull(upper);
  if (written === null) return null;
  const [only = '', ...others] = layerDirs;
  const image =
    layerDirs.length === 0
      ? null
      : others.length === 0
        ? openRoot(only)
        : await openOverlay({ lower: layerDirs, upper: null, work: null });
  try {
    const found = await compareOverlay(written, image);
    return found.length === 0 ? null : found.map(({ path, kind }) => ({ Path: path, Kind: kinds[kind] }));
  } finally {
    closeFd(written);
    if (image !== null) closeFd(image);
  }
}

/** Null: it never started. */
function openOrNull(directory: string): number | null {
  try {
    return openRoot(directory);
  } catch {
    return null;
  }
}
