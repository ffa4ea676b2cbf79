import { isReference, splitReference, taggedName } from '@/format/reference.ts';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { pull } from './pull.ts';
import { startJob } from './start-job.ts';

/** Without tag or digest, `latest` is meant and not, as in the Engine API, every tag there is. */
export async function pullImage(
  hostId: string,
  { reference, platform }: { reference: string; platform?: string },
): Promise<ActionResult<{ jobId: string }>> {
  const user = await requireUser();
  const text = String(reference).trim();
  if (!isReference(text)) return { ok: false, kind: 'invalid-parameter', message: 'This is no name of an image.' };
  const { tag, digest } = splitReference(text);
  const full = tag === null && digest === null ? `${text}:latest` : text;
  const order = { kind: 'pull', action: 'pull-image', hostId, targetId: null, title: full } as const;
  return await startJob(user, order, async (job) => {
    const { digest: pulled, isUpToDate } = await pull(
      { hostId, reference: full, platform: platform || undefined },
      job,
    );
    const name = taggedName(full);
    const image = server()
      .store.inventory.images(hostId)
      .find(({ repoTags, repoDigests }) =>
        name === null ? repoDigests.some((each) => each.endsWith(`@${digest}`)) : repoTags.includes(name),
      );
    return { isUpToDate, ...(pulled && { digest: pulled }), ...(image && { imageId: image.id }) };
  });
}
