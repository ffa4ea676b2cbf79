import { EngineError } from '@berth/shared/errors';
import { server } from '../context.ts';
import type { ContainerRecord } from '../db/inventory.ts';

/** The id comes from a browser: only one that the inventory knows becomes part of a path. @throws not-found */
export function containerOf(hostId: string, containerId: string): ContainerRecord {
  const record = server().store.inventory.container(hostId, containerId);
  if (!record) throw new EngineError('not-found', 'This container is not there any more.');
  return record;
}

export function containerName(hostId: string, containerId: string): string | null {
  return server().store.inventory.container(hostId, containerId)?.name ?? null;
}
