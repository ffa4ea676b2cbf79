import { EngineError } from '@berth/shared/errors';
import { server } from '../context.ts';
import type { VolumeRecord } from '../db/volumes.ts';

/** The name comes from a browser: only one that the inventory knows becomes part of a path. @throws not-found */
export function volumeOf(hostId: string, name: string): VolumeRecord {
  const record = server().store.volumes.get(hostId, name);
  if (!record) throw new EngineError('not-found', 'This volume is not there any more.');
  return record;
}
