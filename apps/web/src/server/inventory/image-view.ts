import { server } from '../context.ts';
import type { ImageView } from '../views.ts';

/** Stored images as pages show them, the newest first. */
export function imageViews(hostId?: string): ImageView[] {
  const { store, agents, updates } = server();
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
      const newerTags = updates
        .of(host.id)
        .list.filter(({ image: tag, remoteDigest }) => {
          // What was pulled since the registry was asked is newer no more.
          const isHere = image.repoDigests.some((digest) => digest.endsWith(`@${remoteDigest}`));
          return image.repoTags.includes(tag) && !isHere;
        })
        .map(({ image: tag }) => tag);
      return [{ ...image, hostName: host.name, hostState, containers, newerTags }];
    })
    .sort((a, b) => b.createdAt - a.createdAt);
}
