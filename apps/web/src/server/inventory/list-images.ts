import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ImageView } from '../views.ts';

export async function listImages({ hostId }: { hostId?: string }): Promise<ImageView[]> {
  await requireUser();
  const { store, agents } = server();
  const hosts = new Map(store.hosts.list().map((host) => [host.id, host]));
  const users = Map.groupBy(
    store.inventory.containers(hostId),
    (record) => `${record.hostId} ${String(record.inspect.Image)}`,
  );
  return store.inventory
    .images(hostId)
    .flatMap((image) => {
      const host = hosts.get(image.hostId);
      if (!host) return [];
      const hostState: ImageView['hostState'] = agents.isOnline(host.id) ? 'online' : 'offline';
      const containers = users.get(`${host.id} ${image.id}`)?.length ?? 0;
      return [{ ...image, hostName: host.name, hostState, containers }];
    })
    .sort((a, b) => b.createdAt - a.createdAt);
}
