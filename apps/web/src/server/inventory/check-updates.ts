import { EngineError } from '@berth/shared/errors';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { attempt } from './audited.ts';

/** Asks the registries now. `hostId` null: for every host that is online. */
export async function checkUpdates(
  hostId: string | null,
): Promise<ActionResult<{ newer: number; problems: string[] }>> {
  await requireUser();
  return await attempt(async () => {
    const { store, agents, updates } = server();
    const hosts = store.hosts.list().filter(({ id }) => agents.isOnline(id) && (hostId === null || id === hostId));
    if (hosts.length === 0) throw new EngineError('unavailable', 'No host is online.');
    const answers = await Promise.all(hosts.map(({ id }) => updates.check(id)));
    return {
      newer: answers.reduce((sum, { list }) => sum + list.length, 0),
      problems: answers.map(({ problem }) => problem).filter(Boolean),
    };
  });
}
