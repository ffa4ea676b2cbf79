/** Takes a container and everything that was made for it away. */
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { removeTree } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import type { Attachments } from './attach.ts';
import type { Context } from './context.ts';
import type { ContainerLabels } from './labels.ts';
import { forgetLayerLimit } from './layer.ts';
import type { ContainerRecord } from './store.ts';

export interface RemoveOptions {
  /** Anonymous volumes too. */
  volumes: boolean;
}

export function createRemove(
  context: Context,
  { attachments, labels }: { attachments: Attachments; labels: ContainerLabels },
  forget: (id: string) => void,
) {
  return {
    /** Under the container's lock; it is not running. */
    async locked(record: ContainerRecord, options: RemoveOptions): Promise<void> {
      const volumes = options.volumes ? record.anonymousVolumes : [];
      // Before anything of it goes: whoever finishes this knows what goes with it.
      context.volumes.doom(volumes);
      record.status = 'removing';
      context.store.save(record);
      forgetLayerLimit(context, record);
      await context.networks.detach(record.id);
      context.networks.release(record.id);
      // Renamed away first: what is left of it after a crash has no record and is swept.
      const doomed = path.join(context.dataDir, 'tmp', `removed-${record.id}`);
      await rename(context.stateDir(record.id), doomed).catch((error) => {
        if (error.code !== 'ENOENT') throw error;
      });
      context.store.remove(record.id);
      labels.release(record.selinux);
      attachments.drop(record.id, new EngineError('not-found', 'the container was removed'));
      forget(record.id);
      context.emit(record, 'destroy');
      context.removals.notify(record.id, record.exitCode);
      context.exits.notify(record.id, record.exitCode);
      await Promise.all([removeTree(doomed), removeTree(context.runDirOf(record.id)), context.volumes.settle(volumes)]);
    },
  };
}

export type Remove = ReturnType<typeof createRemove>;
