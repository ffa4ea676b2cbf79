import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';
import { containerName, containerOf } from './container-of.ts';

export async function removeContainer(
  hostId: string,
  containerId: string,
  { force, volumes }: { force: boolean; volumes: boolean },
): Promise<ActionResult> {
  const user = await requireUser();
  const subject = { action: 'remove', hostId, targetId: containerId, targetName: containerName(hostId, containerId) };
  return await audited(user, subject, async () => {
    const { id } = containerOf(hostId, containerId);
    const { agents } = server();
    await agents.requestJson(hostId, {
      method: 'DELETE',
      path: `/containers/${id}`,
      query: { force: Boolean(force), v: Boolean(volumes) },
    });
    await agents.refreshContainer(hostId, id).catch(() => {});
    return null;
  });
}
