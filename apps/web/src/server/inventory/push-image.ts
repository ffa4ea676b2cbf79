import { EngineError } from '@berth/shared/errors';
import { splitReference } from '@/format/reference.ts';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import { followEngine } from '../jobs/engine-progress.ts';
import { authHeaders, emptyAuth } from '../registries/accounts.ts';
import type { ActionResult } from '../views.ts';
import { startJob } from './start-job.ts';

/** `name` is one of the image's tags; where it goes is in the name. */
export async function pushImage(hostId: string, name: string): Promise<ActionResult<{ jobId: string }>> {
  const user = await requireUser();
  const { store, agents, secrets } = server();
  const image = store.inventory.images(hostId).find(({ repoTags }) => repoTags.includes(name));
  const order = { kind: 'push', action: 'push-image', hostId, targetId: image?.id ?? null, title: name } as const;
  return await startJob(user, order, async (job) => {
    // Only what the inventory knows becomes part of a path.
    if (!image) throw new EngineError('not-found', 'This image is not there any more.');
    const { repository, tag } = splitReference(name);
    const answer = await agents.request(hostId, {
      method: 'POST',
      path: `/images/${repository}/push`,
      query: { tag: tag ?? 'latest' },
      headers: { ...emptyAuth, ...authHeaders({ store, secrets }, name) },
      signal: job.signal,
    });
    const { aux } = await followEngine(answer, job);
    await agents.refreshImages(hostId).catch(() => {});
    const digest = aux.map(({ Digest }) => Digest).find((each) => typeof each === 'string');
    return { imageId: image.id, ...(typeof digest === 'string' && { digest }) };
  });
}
