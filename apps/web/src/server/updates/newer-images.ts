import { taggedName } from '../../format/reference.ts';
import type { BerthServer } from '../context.ts';
import type { ContainerRecord } from '../db/inventory.ts';

/**
 * Whether a container's tag stands for something newer than it runs: the registry has it, or it was pulled or built
 * since. Images are read once for all the containers that are asked about.
 */
export function newerImages({ store, updates }: Pick<BerthServer, 'store' | 'updates'>) {
  const tagsOfHost = new Map<string, Map<string, string>>();
  const tagsOf = (hostId: string): Map<string, string> => {
    const known = tagsOfHost.get(hostId);
    if (known) return known;
    const tags = new Map(
      store.inventory.images(hostId).flatMap(({ id, repoTags }) => repoTags.map((tag) => [tag, id])),
    );
    tagsOfHost.set(hostId, tags);
    return tags;
  };
  return ({ hostId, id, inspect }: ContainerRecord): boolean => {
    const tag = imageTag(inspect);
    const onHost = tag === null ? undefined : tagsOf(hostId).get(tag);
    if (onHost !== undefined && onHost !== inspect.Image) return true;
    return updates.of(hostId).list.some(({ containerIds }) => containerIds.includes(id));
  };
}

/** The tag that a container was made of; null when it was made of an id or a digest. */
export function imageTag(inspect: Record<string, unknown>): string | null {
  const { Config } = inspect;
  if (typeof Config !== 'object' || Config === null || !('Image' in Config)) return null;
  return typeof Config.Image === 'string' ? taggedName(Config.Image) : null;
}
