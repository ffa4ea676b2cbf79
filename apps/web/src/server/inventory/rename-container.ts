import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';
import { containerName, containerOf } from './container-of.ts';

export async function renameContainer(hostId: string, containerId: string, name: string): Promise<ActionResult> {
  const user = await requireUser();
  const subject = { action: 'rename', hostId, targetId: containerId, targetName: containerName(hostId, containerId) };
  return await audited(user, subject, async () => {
    const { id } = containerOf(hostId, containerId);
    const { agents } = server();
    await agents.requestJson(hostId, {
      method: 'POST',
      path: `/containers/${id}/rename`,
      query: { name: String(name) },
    });
    await agents.refreshContainer(hostId, id).catch(() => {});
    return null;
  });
}
