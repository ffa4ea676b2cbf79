/** `docker diff`: what a container wrote, against its image. */
import { closeFd, compareOverlay, openRoot } from '@berth/native';
import { mountPoints } from '../images/written-layer.ts';
import type { Context } from './context.ts';
import { openImage } from './root.ts';
import type { ContainerRecord } from './store.ts';

export interface Change {
  Path: string;
  /** 0 changed, 1 added, 2 removed. */
  Kind: 0 | 1 | 2;
}

type Found = Awaited<ReturnType<typeof compareOverlay>>[number];

const kinds = { changed: 0, added: 1, removed: 2 } as const;

/** @throws not-found */
export async function changes(context: Context, record: ContainerRecord): Promise<Change[] | null> {
  const { layerDirs } = context.images.resolve(record.imageId);
  const { upper } = context.layer(record.id);
  const written = openOrNull(upper);
  if (written === null) return null;
  const image = layerDirs.length === 0 ? null : await openImage(layerDirs);
  try {
    const found = await compareOverlay(written, image);
    const own = withoutMountPoints(found).map(({ path, kind }): Change => ({ Path: path, Kind: kinds[kind] }));
    return own.length === 0 ? null : own;
  } finally {
    closeFd(written);
    if (image !== null) closeFd(image);
  }
}

const made = new Set(mountPoints.map((name) => `/${name}`));

function withoutMountPoints(found: Found[]): Found[] {
  const rest = found.filter(({ path, kind }) => kind !== 'added' || !made.has(path));
  const isEmptied = ({ path, kind }: Found) =>
    path === '/etc' &&
    kind !== 'removed' &&
    found.length > rest.length &&
    !rest.some((other) => other.path.startsWith(`${path}/`));
  return rest.filter((one) => !isEmptied(one));
}

/** Null: it never started. */
function openOrNull(directory: string): number | null {
  try {
    return openRoot(directory);
  } catch {
    return null;
  }
}
