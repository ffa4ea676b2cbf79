/** Tags that point elsewhere by now than when the image of a container was pulled. */
import { setTimeout } from 'node:timers';
import { log } from '../../log.ts';
import type { Images } from './images.ts';
import { parseReference, type Reference } from './reference.ts';
import type { Credentials } from './registry/credentials.ts';
import type { Registries } from './registry/registry.ts';
import { createSlots } from './slots.ts';

export interface ContainerImage {
  containerId: string;
  /** As the user named it. */
  image: string;
  imageId: string;
}

export interface ImageUpdate {
  image: string;
  containerIds: string[];
  localDigest: string;
  remoteDigest: string;
}

const askedAtATime = 4;
const askMsMax = 15_000;

/** Registries that do not answer in time are left out; there is another time. */
export async function findUpdates(
  deps: { images: Images; registries: Registries; containers: () => ContainerImage[] },
  { credentialsFor, signal }: { credentialsFor: (domain: string) => Credentials | null; signal: AbortSignal },
): Promise<ImageUpdate[]> {
  const slots = createSlots(askedAtATime);
  const asked = new Map<string, Promise<string | null>>();
  const remote = (name: string, reference: Reference) => {
    const begun = asked.get(name) ?? slots.use(() => ask(reference), { signal });
    asked.set(name, begun);
    return begun;
  };

  async function ask(reference: Reference): Promise<string | null> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), askMsMax);
    try {
      const registry = deps.registries.open(reference, credentialsFor(reference.domain));
      return await registry.head(reference.tag ?? 'latest', AbortSignal.any([signal, late.signal]));
    } catch (error) {
      signal.throwIfAborted();
      const { domain, path } = reference;
      log('info', 'a registry was not asked for updates', { domain, path, error: String(error).slice(0, 200) });
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  const groups = usedTags(deps.images, deps.containers());
  const all = await Promise.all(
    [...groups.values()].map(async ({ reference, digests, ...group }): Promise<ImageUpdate[]> => {
      const remoteDigest = await remote(group.image, reference);
      const [localDigest = ''] = digests;
      return remoteDigest === null || digests.includes(remoteDigest) ? [] : [{ ...group, localDigest, remoteDigest }];
    }),
  );
  return all.flat();
}

/** By tag and image: containers of an older image of the same tag are a group of their own. */
function usedTags(images: Images, containers: ContainerImage[]) {
  const records = new Map(images.list().map((image) => [image.id, image]));
  const groups = new Map<string, { image: string; reference: Reference; digests: string[]; containerIds: string[] }>();
  for (const { containerId, image, imageId } of containers) {
    const reference = referenceOf(image);
    if (reference === null || reference.digest !== null) continue;
    const { repository } = reference;
    const known = records.get(imageId)?.digests.filter((one) => one.repository === repository) ?? [];
    // Built here, or loaded: no registry knows better.
    if (known.length === 0) continue;
    const name = `${repository}:${reference.tag ?? 'latest'}`;
    const digests = known.flatMap((one) => [one.digest, one.manifestDigest]);
    const group = groups.get(`${name} ${imageId}`) ?? { image: name, reference, digests, containerIds: [] };
    group.containerIds.push(containerId);
    groups.set(`${name} ${imageId}`, group);
  }
  return groups;
}

function referenceOf(text: string): Reference | null {
  try {
    return /^(sha256:)?[0-9a-f]{64}$/.test(text) ? null : parseReference(text);
  } catch {
    return null;
  }
}
