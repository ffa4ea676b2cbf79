import { z } from 'zod';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult, PrunePreview } from '../views.ts';
import { attempt, audited } from './audited.ts';
import { freedBytes, type LayeredImage, type PrunableImage, planPrune } from './prune-plan.ts';

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
        ParentId: z.string().catch(''),
        RepoTags: z.array(z.string()).nullish(),
        Created: z.number(),
        Size: z.number(),
        SharedSize: z.number().catch(0),
        Containers: z.number().catch(0),
      }),
    )
    .nullish(),
});
type UsedImage = NonNullable<z.infer<typeof diskUsage>['Images']>[number];
const rootFs = z.object({ RootFS: z.object({ Layers: z.array(z.string()) }) });
const history = z.array(z.object({ Size: z.number() }));
/** Beyond it layers are not looked at one by one. */
const imagesMax = 500;
const asksAtOnce = 8;
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
    const answer = await server().agents.requestJson(hostId, { method: 'GET', path: '/system/df', query });
    const images = diskUsage.parse(answer).Images ?? [];
    const { images: ids, going } = planPrune(images.map(toPrunable), {
      all,
      beforeMs: olderThanHours === 0 ? null : Date.now() - olderThanHours * 3_600_000,
    });
    const named = new Set(ids);
    return {
      images: images
        .filter(({ Id }) => named.has(Id))
        .map((image) => ({
          id: image.Id,
          name: tagsOf(image)[0] ?? '',
          sizeBytes: image.Size,
          createdAt: image.Created * 1000,
        })),
      reclaimableBytes: going.size === 0 ? 0 : freedBytes(await layersOf(hostId, images, going), going),
    };
  });
}

function tagsOf({ RepoTags }: UsedImage): string[] {
  return (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>');
}

function toPrunable(image: UsedImage): PrunableImage {
  const { Id, ParentId, Containers, Created } = image;
  const isTagged = tagsOf(image).length > 0;
  return { id: Id, parentId: ParentId, isTagged, isUsed: Containers > 0, createdAt: Created * 1000 };
}

/** Of every image its layers, of those that go also how large each is. */
async function layersOf(hostId: string, images: UsedImage[], going: ReadonlySet<string>): Promise<LayeredImage[]> {
  const { agents } = server();
  const ask = (id: string, part: string) =>
    agents.requestJson(hostId, { method: 'GET', path: `/images/${id}/${part}` });
  const found: LayeredImage[] = [];
  const waiting = [...images];
  const work = async () => {
    for (let image = waiting.shift(); image; image = waiting.shift()) {
      const { Id: id, Size, SharedSize } = image;
      const ownBytes = Size - Math.max(0, SharedSize);
      if (images.length > imagesMax) {
        found.push({ id, layers: [], layerBytes: null, ownBytes });
        continue;
      }
      const { Layers } = rootFs.parse(await ask(id, 'json')).RootFS;
      const steps = going.has(id) ? history.parse(await ask(id, 'history')) : [];
      const sizes = steps.map(({ Size: bytes }) => bytes).filter((bytes) => bytes > 0);
      // A step that adds nothing has no figure; only when every layer has one it is known which is whose.
      const layerBytes = sizes.length === Layers.length ? sizes.reverse() : null;
      found.push({ id, layers: Layers, layerBytes, ownBytes });
    }
  };
  await Promise.all(Array.from({ length: asksAtOnce }, work));
  return found;
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
