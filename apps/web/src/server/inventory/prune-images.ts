import { z } from 'zod';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult, PrunePreview } from '../views.ts';
import { attempt, audited } from './audited.ts';

const options = z.object({
  /** Also what has a name, as long as no container uses it. */
  all: z.boolean(),
  /** 0: of any age. */
  olderThanHours: z.number().int().min(0).max(100_000),
});
export type PruneOptions = z.infer<typeof options>;

const diskUsage = z.object({
  Images: z
    .array(
      z.object({
        Id: z.string(),
        RepoTags: z.array(z.string()).nullish(),
        Created: z.number(),
        Size: z.number(),
        SharedSize: z.number().catch(0),
        Containers: z.number().catch(0),
      }),
    )
    .nullish(),
});
const pruned = z.object({
  ImagesDeleted: z.array(z.object({ Deleted: z.string().optional() })).nullish(),
  SpaceReclaimed: z.number().catch(0),
});
const pruneMs = 600_000;

/** What a prune with these options would take. */
export async function previewPrune(hostId: string, wanted: PruneOptions): Promise<ActionResult<PrunePreview>> {
  await requireUser();
  return await attempt(async () => {
    const { all, olderThanHours } = options.parse(wanted);
    const query = { type: 'image' };
    const { Images } = diskUsage.parse(
      await server().agents.requestJson(hostId, { method: 'GET', path: '/system/df', query }),
    );
    const before = Date.now() / 1000 - olderThanHours * 3600;
    const images = (Images ?? []).filter(({ RepoTags, Containers, Created }) => {
      const isDangling = (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>').length === 0;
      return Containers <= 0 && (all || isDangling) && (olderThanHours === 0 || Created < before);
    });
    return {
      images: images.map(({ Id, RepoTags, Size, Created }) => ({
        id: Id,
        name: RepoTags?.find((tag) => tag !== '<none>:<none>') ?? '',
        sizeBytes: Size,
        createdAt: Created * 1000,
      })),
      reclaimableBytes: images.reduce(
        (sum, { Size, SharedSize }) => sum + Math.max(0, Size - Math.max(0, SharedSize)),
        0,
      ),
    };
  });
}

export async function pruneImages(
  hostId: string,
  wanted: PruneOptions,
): Promise<ActionResult<{ reclaimedBytes: number; count: number }>> {
  const user = await requireUser();
  const subject = { action: 'prune-images', hostId, targetId: null, targetName: null };
  return await audited(user, subject, async () => {
    const { all, olderThanHours } = options.parse(wanted);
    const { agents } = server();
    const filters = {
      dangling: [String(!all)],
      ...(olderThanHours > 0 && { until: [`${olderThanHours}h`] }),
    };
    const answer = await agents.requestJson(hostId, {
      method: 'POST',
      path: '/images/prune',
      query: { filters: JSON.stringify(filters) },
      signal: AbortSignal.timeout(pruneMs),
    });
    const { ImagesDeleted, SpaceReclaimed } = pruned.parse(answer);
    await agents.refreshImages(hostId).catch(() => {});
    const deleted = (ImagesDeleted ?? []).filter(({ Deleted }) => Deleted !== undefined);
    return { reclaimedBytes: SpaceReclaimed, count: deleted.length };
  });
}
