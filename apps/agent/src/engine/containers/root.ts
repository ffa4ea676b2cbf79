/** A container's root as the host sees it, running or not. */
import { mkdirSync } from 'node:fs';
import { closeFd, openOverlay, openPidfd, openProcessRoot, openRoot, pidfdInode } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { slotOf, uidBase } from '../runtime/uid-ranges.ts';
import type { Context } from './context.ts';
import { isLive } from './state.ts';
import type { ContainerRecord } from './store.ts';

/** A descriptor that the caller closes. @throws conflict when the container ends meanwhile */
export async function openContainerRoot(context: Context, record: ContainerRecord): Promise<number> {
  if (isLive(record)) {
    const pidfd = openPidfd(record.pid);
    try {
      if (record.pidfsInode !== '' && String(pidfdInode(pidfd)) !== record.pidfsInode)
        throw new EngineError('conflict', 'the container has just ended');
      return await openProcessRoot(record.pid, pidfd);
    } finally {
      closeFd(pidfd);
    }
  }
  const image = context.images.resolve(record.imageId);
  const layer = context.layer(record.id);
  for (const one of [layer.upper, layer.work]) mkdirSync(one, { recursive: true, mode: 0o755 });
  return openOverlay({ lower: image.layerDirs, ...layer });
}

/** What an image has, read-only; topmost layer first. A descriptor that the caller closes. */
export async function openImage(layerDirs: string[]): Promise<number> {
  const [only = '', ...others] = layerDirs;
  // An overlay of one layer is that layer; what is a whiteout in it hides nothing.
  return others.length === 0 ? openRoot(only) : openOverlay({ lower: layerDirs, upper: null, work: null });
}

/** What ids in an archive differ by from those seen through the root: a running container's shows its host ids. */
export function idShift(record: ContainerRecord, direction: 'from' | 'into') {
  const slot = slotOf(record);
  const base = isLive(record) && slot !== null ? uidBase(slot) : 0;
  const shift = direction === 'into' ? base : -base;
  return { uidShift: shift, gidShift: shift };
}
