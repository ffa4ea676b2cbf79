import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';

export const hostName = z.string().trim().min(1).max(63);

export async function renameHost(id: string, name: string): Promise<ActionResult> {
  const user = await requireUser();
  const { store, live } = server();
  const subject = { action: 'rename-host', hostId: id, targetId: id, targetName: store.hosts.get(id)?.name ?? null };
  return await audited(user, subject, async () => {
    const parsed = hostName.safeParse(name);
    if (!parsed.success) throw new EngineError('invalid-parameter', 'A host name has 1 to 63 characters.');
    if (!store.hosts.get(id)) throw new EngineError('not-found', 'This host is not there any more.');
    if (store.hosts.list().some((host) => host.id !== id && host.name === parsed.data))
      throw new EngineError('conflict', 'Another host has this name.');
    store.hosts.rename(id, parsed.data);
    live.inventoryChanged({ hostIds: [id], containerIds: [] });
    return null;
  });
}
