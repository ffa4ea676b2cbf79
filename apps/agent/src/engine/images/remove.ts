/** `docker rmi`: names first; the image goes with its last one. dockerd's rules, texts and order of answers. */
import { EngineError } from '@berth/shared/errors';
import { durably } from '../database.ts';
import type { ImageContext, ImageRecord } from './context.ts';
import { parseReference, taggedName } from './reference.ts';
import type { StoredImage } from './store.ts';

export type Removed = { Untagged: string } | { Deleted: string };

export interface RemoveOptions {
  force: boolean;
  /** Untagged parents that nothing else needs go as well. */
  prune: boolean;
}

/** @throws not-found, conflict */
export async function remove(
  context: ImageContext,
  reference: string,
  options: RemoveOptions,
): Promise<{ removed: Removed[]; bytes: number }> {
  const image = context.resolve(reference);
  const names = isIdOf(image, reference) ? namesGoneWithId(image, options.force) : namesGoneWithName(image, reference);
  const rest = namesOf(image).filter((name) => !names.includes(name));
  const conflict = conflictOf(context, image, { reference, names, rest, force: options.force });
  if (conflict !== null) throw conflict;
  const isUsed = rest.length > 0 || isNeeded(context, image);
  if (isUsed) {
    durably(context.db, () => untag(context, image, names));
    return { removed: names.map((name) => ({ Untagged: name })), bytes: 0 };
  }
  return removeWhole(context, image, names, options.prune);
}

async function removeWhole(context: ImageContext, image: StoredImage, names: string[], prune: boolean) {
  const { store, unused, events } = context;
  const doomed: { image: StoredImage; names: string[] }[] = [{ image, names }];
  const { layers, bytes } = await unused.removing(() => {
    untag(context, image, names);
    for (let at: StoredImage | null = image; at !== null; ) {
      store.remove(at.id);
      const parent: StoredImage | null = prune && at.parentId !== null ? store.get(at.parentId) : null;
      at = parent !== null && namesOf(parent).length === 0 && !isNeeded(context, parent) ? parent : null;
      if (at !== null) doomed.push({ image: at, names: [] });
    }
    return {
      chainIds: doomed.flatMap((one) => one.image.chainIds),
      digests: doomed.flatMap((one) => [
        one.image.id,
        ...one.image.digests.flatMap(({ digest, manifestDigest }) => [digest, manifestDigest]),
      ]),
    };
  });
  for (const one of doomed)
    events.append({ type: 'image', action: 'delete', actorId: one.image.id, attributes: { name: one.image.id } });
  const removed: Removed[] = [
    ...names.map((name) => ({ Untagged: name })),
    ...doomed.map((one) => ({ Deleted: one.image.id })),
    ...layers.map((layer) => ({ Deleted: layer.chainId })).reverse(),
  ];
  return { removed, bytes };
}

/** A container's image stays until the container goes, so that it can be started again; dockerd keeps its layers alone. */
function isNeeded({ inUse, store }: ImageContext, { id }: StoredImage): boolean {
  return inUse().some((use) => use.imageId === id) || store.children(id).length > 0;
}

function untag({ store, events }: ImageContext, image: StoredImage, names: string[]): void {
  for (const name of names) {
    const { repository, digest } = parseReference(name);
    if (digest === null) store.removeTag(name);
    else store.removeDigest(repository, digest);
    events.append({ type: 'image', action: 'untag', actorId: image.id, attributes: { name } });
  }
}

const namesOf = (image: StoredImage) => [...image.tags, ...image.repoDigests];

export function isIdOf(image: StoredImage, reference: string): boolean {
  const hex = reference.replace(/^sha256:/, '');
  return (
    /^[0-9a-f]+$/.test(hex) &&
    image.id.slice('sha256:'.length).startsWith(hex) &&
    !image.tags.includes(`${reference}:latest`)
  );
}

/** All of them when they are one tag of one repository; otherwise the image stays. */
function namesGoneWithId(image: StoredImage, force: boolean): string[] {
  return force || isSingle(image) ? namesOf(image) : [];
}

function isSingle(image: StoredImage): boolean {
  const repositories = new Set(namesOf(image).map((name) => parseReference(name).repository));
  return image.tags.length <= 1 && repositories.size <= 1;
}

/** With the last tag of a repository go the digests of it. */
function namesGoneWithName(image: ImageRecord, reference: string): string[] {
  const { repository, digest } = parseReference(reference);
  const isMeant = (one: { repository: string; digest: string; manifestDigest: string }) =>
    one.repository === repository && (one.digest === digest || one.manifestDigest === digest);
  if (digest !== null) return image.digests.filter(isMeant).map((one) => `${repository}@${one.digest}`);
  const name = taggedName(reference);
  const hasOther = image.tags.some((tag) => tag !== name && parseReference(tag).repository === repository);
  const digests = image.digests.filter((one) => !hasOther && one.repository === repository);
  return [name, ...digests.map((one) => `${repository}@${one.digest}`)];
}

function conflictOf(
  { inUse, store }: ImageContext,
  image: ImageRecord,
  given: { reference: string; names: string[]; rest: string[]; force: boolean },
): EngineError | null {
  const short = image.id.slice(7, 19);
  const users = inUse().filter((use) => use.imageId === image.id);
  const isById = isIdOf(image, given.reference);
  const [user] = users;
  if (!isById && !given.force && isSingle(image) && user !== undefined) {
    return new EngineError(
      'conflict',
      `conflict: unable to remove repository reference ${JSON.stringify(given.reference)} (must force) - container ${user.containerId.slice(0, 12)} is using its referenced image ${short}`,
    );
  }
  if (!isById && given.rest.length > 0) return null;
  const conflict = (why: string, can: boolean) =>
    new EngineError(
      'conflict',
      `conflict: unable to delete ${short} (${can ? 'must be forced' : 'cannot be forced'}) - ${why}`,
    );
  if (isById && store.children(image.id).length > 0) return conflict('image has dependent child images', false);
  const running = users.find((use) => use.running);
  if (running !== undefined)
    return conflict(`image is being used by running container ${running.containerId.slice(0, 12)}`, false);
  // Nothing to untag, and the container needs the rest.
  if (given.force && given.names.length === 0 && user !== undefined)
    return conflict(`image is being used by stopped container ${user.containerId.slice(0, 12)}`, false);
  if (given.force) return null;
  if (isById && given.rest.length > 0) return conflict('image is referenced in multiple repositories', true);
  if (user !== undefined)
    return conflict(`image is being used by stopped container ${user.containerId.slice(0, 12)}`, true);
  return null;
}
