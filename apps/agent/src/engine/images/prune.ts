/** `docker image prune`: what no container uses, without a name or, when all are meant, with one; and what no image has. */
import type { ImageContext } from './context.ts';
import { booleanOf, fitsLabels, untilTime } from './filter.ts';
import { type Removed, remove } from './remove.ts';

/** `dangling=false`: all unused; `until`, `label`, `label!` narrow it. @throws invalid-parameter */
export async function prune(
  context: ImageContext,
  filters: Record<string, string[]>,
): Promise<{ removed: Removed[]; bytes: number }> {
  const all = (filters.dangling ?? []).some((value) => !booleanOf(value));
  const until = untilTime(filters.until);
  const removed: Removed[] = [];
  let bytes = 0;
  for (const id of context.store.ids()) {
    // Some went as parents of others.
    const image = context.store.get(id);
    const isUsed = image === null || context.inUse().some((use) => use.imageId === id);
    if (isUsed || (!all && image.tags.length > 0) || context.store.children(id).length > 0) continue;
    const created = Date.parse(image.config.created ?? image.addedAt);
    if ((until !== null && created >= until) || !fitsLabels(image.config.config?.Labels ?? {}, filters)) continue;
    const gone = await remove(context, id, { force: true, prune: true });
    removed.push(...gone.removed);
    bytes += gone.bytes;
  }
  // Of interrupted pulls; not a narrowed prune's business.
  if (until === null && filters.label === undefined && filters['label!'] === undefined) {
    const rest = await context.unused.everything();
    removed.push(...rest.layers.map((layer) => ({ Deleted: layer.chainId })));
    bytes += rest.bytes;
  }
  if (removed.length > 0)
    context.events.append({ type: 'image', action: 'prune', actorId: '', attributes: { reclaimed: String(bytes) } });
  return { removed, bytes };
}
