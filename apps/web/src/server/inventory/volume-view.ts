/** Stored volumes → what pages show; who uses one is read from the containers' own records. */
import { z } from 'zod';
import type { BerthServer } from '../context.ts';
import type { ContainerRecord } from '../db/inventory.ts';
import type { VolumeRecord } from '../db/volumes.ts';
import type { VolumeUser, VolumeView } from '../views.ts';
import { containerState } from './view.ts';

const mounts = z.object({
  Mounts: z.array(
    z.object({
      Type: z.string().catch(''),
      Name: z.string().catch(''),
      Destination: z.string().catch(''),
      RW: z.boolean().catch(true),
    }),
  ),
});
/** Engines mark what nobody named with a label; older ones only gave it a name of 64 hex digits. */
const anonymousLabel = 'com.docker.volume.anonymous';
const anonymousName = /^[0-9a-f]{64}$/;

export function volumeViews(
  { store, agents }: BerthServer,
  records: (VolumeRecord & { hostId: string })[],
  hostId?: string,
): VolumeView[] {
  const hosts = new Map(store.hosts.list().map((host) => [host.id, host]));
  const users = volumeUsers(store.inventory.containers(hostId));
  return records.flatMap((record) => {
    const host = hosts.get(record.hostId);
    if (!host) return [];
    return [
      {
        ...record,
        hostName: host.name,
        hostState: agents.isOnline(host.id) ? ('online' as const) : ('offline' as const),
        isAnonymous: anonymousLabel in record.labels || anonymousName.test(record.name),
        users: users.get(`${record.hostId}/${record.name}`) ?? [],
      },
    ];
  });
}

/** By host and name of the volume. */
function volumeUsers(containers: ContainerRecord[]): Map<string, VolumeUser[]> {
  const users = new Map<string, VolumeUser[]>();
  for (const { hostId, id, name, inspect } of containers) {
    const used = (mounts.safeParse(inspect).data?.Mounts ?? []).filter(({ Type }) => Type === 'volume');
    for (const [volume, places] of Map.groupBy(used, ({ Name }) => Name)) {
      const key = `${hostId}/${volume}`;
      const list = users.get(key) ?? [];
      if (list.length === 0) users.set(key, list);
      list.push({
        id,
        name,
        state: containerState(inspect),
        mounts: places
          .map(({ Destination, RW }) => ({ path: Destination, readOnly: !RW }))
          .sort((a, b) => (a.path < b.path ? -1 : 1)),
      });
    }
  }
  return users;
}
