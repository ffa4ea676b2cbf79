import { EngineError } from '@berth/shared/errors';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';

export async function tagImage(
  hostId: string,
  id: string,
  { repo, tag }: { repo: string; tag: string },
): Promise<ActionResult> {
  const user = await requireUser();
  const { agents, store } = server();
  const subject = { action: 'tag-image', hostId, targetId: id, targetName: `${repo}:${tag}` };
  return await audited(user, subject, async () => {
    if (!store.inventory.images(hostId).some((image) => image.id === id))
      throw new EngineError('not-found', 'This image is not there any more.');
    await agents.requestJson(hostId, { method: 'POST', path: `/images/${id}/tag`, query: { repo, tag } });
    await agents.refreshImages(hostId).catch(() => {});
    return null;
  });
}
