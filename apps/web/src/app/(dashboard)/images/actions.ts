'use server';
import type { BulkRemoveOutcome, ImageTarget, PruneChoice } from '@/components/images/image-types.ts';
import { splitReference } from '@/format/reference.ts';
import { buildDockerfile } from '@/server/inventory/build-dockerfile.ts';
import type { BuildInput } from '@/server/inventory/build-image.ts';
import { cancelJob } from '@/server/inventory/cancel-job.ts';
import { checkUpdates } from '@/server/inventory/check-updates.ts';
import { previewPrune, pruneImages } from '@/server/inventory/prune-images.ts';
import { pullImage } from '@/server/inventory/pull-image.ts';
import { pushImage } from '@/server/inventory/push-image.ts';
import { type RecreateOptions, recreateContainer } from '@/server/inventory/recreate-container.ts';
import { removeImage, removeImageNames } from '@/server/inventory/remove-image.ts';
import { tagImage } from '@/server/inventory/tag-image.ts';
import type { ActionResult, PrunePreview } from '@/server/views.ts';

type StartedJob = ActionResult<{ jobId: string }>;

export async function submitRemoveImage(
  hostId: string,
  id: string,
  options: { force: boolean },
): Promise<ActionResult> {
  return await removeImage(hostId, id, options);
}

const bulkTargetsMax = 1000;

/** Each image goes or stays for itself; one after the other, because removing one may let go of another's layers. */
export async function submitRemoveImages(targets: ImageTarget[]): Promise<BulkRemoveOutcome[]> {
  const outcomes: BulkRemoveOutcome[] = [];
  for (const { hostId, id } of targets.slice(0, bulkTargetsMax)) {
    const result = await removeImageNames(hostId, id);
    outcomes.push({ hostId, id, ok: result.ok, message: result.ok ? '' : result.message });
  }
  return outcomes;
}

export async function submitTagImage(hostId: string, id: string, name: string): Promise<ActionResult> {
  const { repository, tag } = splitReference(name);
  return await tagImage(hostId, id, { repo: repository, tag: tag ?? 'latest' });
}

export async function submitPullImage(hostId: string, reference: string, platform: string): Promise<StartedJob> {
  return await pullImage(hostId, { reference, ...(platform && { platform }) });
}

export async function submitPushImage(hostId: string, name: string): Promise<StartedJob> {
  return await pushImage(hostId, name);
}

export async function submitBuildDockerfile(hostId: string, text: string, input: BuildInput): Promise<StartedJob> {
  return await buildDockerfile(hostId, text, input);
}

export async function submitRecreate(
  hostId: string,
  containerId: string,
  options: RecreateOptions,
): Promise<StartedJob> {
  return await recreateContainer(hostId, containerId, options);
}

export async function submitCancelJob(jobId: string): Promise<void> {
  await cancelJob(jobId);
}

export async function loadPrunePreview(hostId: string, choice: PruneChoice): Promise<ActionResult<PrunePreview>> {
  return await previewPrune(hostId, choice);
}

export async function submitPrune(
  hostId: string,
  choice: PruneChoice,
): Promise<ActionResult<{ reclaimedBytes: number; count: number }>> {
  return await pruneImages(hostId, choice);
}

export async function submitCheckUpdates(): Promise<ActionResult<{ newer: number; problems: string[] }>> {
  return await checkUpdates(null);
}
