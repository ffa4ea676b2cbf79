/** One step becomes an image; or was one already. */
import { EngineError } from '@berth/shared/errors';
import { layersMax } from '../images/config.ts';
import type { ImageRecord } from '../images/context.ts';
import { stepKey } from './cache.ts';
import type { Job, StageState } from './job.ts';
import { say } from './output.ts';
import { configText, shellOf } from './run-config.ts';

export interface NewStep {
  /** For the image's history. */
  createdBy: string;
  /** Of all that its outcome depends on, its parent aside. */
  key: string;
}

/** A step that runs nothing. `comment` begins with a blank where Docker's does. */
export function nopStep(stage: StageState, comment: string): NewStep {
  const createdBy = [...shellOf(stage.config), `#(nop) ${comment}`].join(' ');
  return { createdBy, key: stepKey(createdBy, stage.config) };
}

/** Goes on with the image of an earlier build of the same, if there is one. */
export function takeCached(job: Job, stage: StageState, step: NewStep): boolean {
  if (job.request.noCache || stage.isCacheOver) return false;
  const found = findCached(job, stage, step) ?? restore(job, stage, step);
  if (found === null) {
    stage.isCacheOver = true;
    return false;
  }
  say(job.output, ' ---> Using cache\n');
  stage.image = found;
  return true;
}

export function commit(
  job: Job,
  stage: StageState,
  step: NewStep,
  layer: { chainId: string; diffId: string } | null,
  created = new Date().toISOString(),
): void {
  const parent = stage.image;
  const chainIds = [...(parent?.chainIds ?? []), ...(layer === null ? [] : [layer.chainId])];
  if (chainIds.length > layersMax) throw new EngineError('invalid-parameter', 'max depth exceeded');
  const { createdBy, key } = step;
  const what = { createdBy, author: stage.author, diffId: layer?.diffId ?? null };
  const text = configText(parent?.config ?? null, stage.config, what, created);
  const parentId = parent?.id ?? null;
  const id = job.images.add({ configText: text, chainIds, names: [], manifest: null, parentId, action: 'build' });
  job.cache.add(id, parentId, key);
  stage.image = job.images.resolve(id);
}

/** A step that changes the configuration alone. */
export function commitConfig(job: Job, stage: StageState, comment: string): void {
  const step = nopStep(stage, ` ${comment}`);
  if (!takeCached(job, stage, step)) commit(job, stage, step, null);
}

function findCached(job: Job, stage: StageState, step: NewStep): ImageRecord | null {
  const id = job.cache.find(stage.image?.id ?? null, step.key);
  if (id === null) return null;
  const image = job.images.resolve(id);
  // Layers that another removal takes with it are kept from here on.
  for (const chainId of image.chainIds) job.layers.get(chainId);
  return image;
}

/** `--cache-from`: the step as it is in the history of an image that the client trusts for it. */
function restore(job: Job, stage: StageState, step: NewStep): ImageRecord | null {
  const parent = stage.image;
  const history = parent?.config.history ?? [];
  for (const target of job.cacheFrom) {
    const own = target.config.history ?? [];
    const next = own[history.length];
    if (next?.created_by !== step.createdBy) continue;
    const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
    const chainIds = parent?.chainIds ?? [];
    if (!isSame(own.slice(0, history.length), history)) continue;
    if (!isSame(target.chainIds.slice(0, chainIds.length), chainIds)) continue;
    const chainId = target.chainIds[chainIds.length];
    const diffId = target.config.rootfs.diff_ids[chainIds.length];
    if (next.empty_layer !== true && (chainId === undefined || diffId === undefined)) continue;
    const layer =
      next.empty_layer === true || chainId === undefined || diffId === undefined ? null : { chainId, diffId };
    commit(job, stage, step, layer, next.created ?? undefined);
    job.cacheFrom = [target];
    return stage.image;
  }
  return null;
}
