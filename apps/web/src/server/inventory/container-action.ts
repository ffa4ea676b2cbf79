import { z } from 'zod';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';
import { containerName, containerOf } from './container-of.ts';

const actions = z.enum(['start', 'stop', 'restart', 'kill', 'pause', 'unpause']);
export type ContainerAction = z.infer<typeof actions>;

export async function containerAction(
  hostId: string,
  containerId: string,
  action: ContainerAction,
): Promise<ActionResult> {
  const user = await requireUser();
  const known = actions.safeParse(action);
  if (!known.success) return { ok: false, kind: 'invalid-parameter', message: 'There is no such action.' };
  const subject = { action: known.data, hostId, targetId: containerId, targetName: containerName(hostId, containerId) };
  return await audited(user, subject, async () => {
    const { id } = containerOf(hostId, containerId);
    const { agents } = server();
    try {
      // A start that is no change (304) is what was wanted. Stop and restart wait out the container's own grace.
      const signal = AbortSignal.timeout(180_000);
      await agents.requestJson(hostId, { method: 'POST', path: `/containers/${id}/${known.data}`, signal });
    } finally {
      // The page shows what is, whether it worked or not.
      await agents.refreshContainer(hostId, id).catch(() => {});
    }
    return null;
  });
}
