import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { HostView } from '../views.ts';
import { containersOf, hostView } from './view.ts';

export async function getHost(id: string): Promise<HostView | null> {
  await requireUser();
  const host = server().store.hosts.get(id);
  return host ? hostView(host, containersOf(server(), id)) : null;
}
