/** A container as a place of files. */
import { EngineError } from '@berth/shared/errors';
import type { Place } from '../files/place.ts';
import type { Context } from './context.ts';
import { idShift, openContainerRoot } from './root.ts';
import { isLive } from './state.ts';
import type { ContainerRecord } from './store.ts';

export function containerPlace(context: Context, record: ContainerRecord): Place {
  const isReadOnly = record.hostConfig.ReadonlyRootfs;
  const readOnly = isReadOnly ? 'container rootfs is marked read-only' : 'mounted volume is marked read-only';
  return {
    readOnly,
    name: `container ${record.id.slice(0, 12)}`,
    open: () => openContainerRoot(context, record),
    owner: () => {
      const { uidShift, gidShift } = idShift(record, 'into');
      return { uid: uidShift, gid: gidShift };
    },
    // Of one that runs, the kernel knows better: it may have writable volumes.
    refuseChange: () => {
      if (isReadOnly && !isLive(record)) throw new EngineError('forbidden', readOnly);
    },
    // A stopped one does not start meanwhile: its layer has one writer.
    change: (work) => (isLive(record) ? work() : context.locked(record.id, work)),
  };
}
