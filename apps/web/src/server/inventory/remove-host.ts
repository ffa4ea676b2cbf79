import { EngineError } from '@berth/shared/errors';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';

/** Forgets the host, its history and its key; what runs on it goes on. */
export async function removeHost(id: string): Promise<ActionResult> {
  const user = await requireUser();
  const { store, agents, live } = server();
  const host = store.hosts.get(id);
  const subject = { action: 'remove-host', hostId: id, targetId: id, targetName: host?.name ?? null };
  return await audited(user, subject, async () => {
    if (!host) throw new EngineError('not-found', 'This host is not there any more.');
    agents.dismiss(id);
    store.hosts.remove(id);
    live.forget(id);
    live.inventoryChanged({ hostIds: [id], containerIds: [] });
    return null;
  });
}
