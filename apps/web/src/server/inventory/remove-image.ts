import { EngineError } from '@berth/shared/errors';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';

/** Every name of it, one after the other, so that a name of something that is in use is told and stays. */
export async function removeImageNames(hostId: string, id: string): Promise<ActionResult> {
  await requireUser();
  const names = server().store.inventory.image(hostId, id)?.repoTags ?? [];
  for (const name of names.slice(1)) {
    const result = await removeImage(hostId, name, { force: false });
    if (!result.ok) return result;
  }
  return await removeImage(hostId, names[0] ?? id, { force: false });
}

/** `id` is an id, or a reference to take only that tag away. */
export async function removeImage(hostId: string, id: string, { force }: { force: boolean }): Promise<ActionResult> {
  const user = await requireUser();
  const { store, agents } = server();
  const image = store.inventory.images(hostId).find((each) => each.id === id || each.repoTags.includes(id));
  const subject = { action: 'remove-image', hostId, targetId: image?.id ?? id, targetName: image?.repoTags[0] ?? id };
  return await audited(user, subject, async () => {
    // Only what the inventory knows becomes part of a path.
    if (!image) throw new EngineError('not-found', 'This image is not there any more.');
    await agents.requestJson(hostId, {
      method: 'DELETE',
      path: `/images/${id}`,
      query: { force: Boolean(force) },
    });
    await agents.refreshImages(hostId).catch(() => {});
    return null;
  });
}
