import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ContainerDetailView } from '../views.ts';
import { containerDetailView } from './view.ts';

export async function getContainer(hostId: string, containerId: string): Promise<ContainerDetailView | null> {
  await requireUser();
  const { store } = server();
  const host = store.hosts.get(hostId);
  const record = store.inventory.container(hostId, containerId);
  return host && record ? containerDetailView(record, host) : null;
}
