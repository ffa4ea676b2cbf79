import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { HostView } from '../views.ts';
import { containersOf, hostView } from './view.ts';

export async function listHosts(): Promise<HostView[]> {
  await requireUser();
  const containers = Map.groupBy(containersOf(server()), ({ hostId }) => hostId);
  return server()
    .store.hosts.list()
    .map((host) => hostView(host, containers.get(host.id) ?? []));
}
