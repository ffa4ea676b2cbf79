/**
 * Pushing: every blob that the registry lacks, then the manifest, which makes it an image there. Blobs go as they are
 * kept, so that an image which was pulled is pushed byte for byte.
 */
import { createReadStream } from 'node:fs';
import { EngineError } from '@berth/shared/errors';
import type { Events } from '../events.ts';
import type { Blobs } from './blobs.ts';
import type { ImageRecord } from './context.ts';
import type { Images } from './images.ts';
import { manifestSchema } from './manifest.ts';
import { type OnProgress, shortId, throttled } from './progress.ts';
import { parseReference, type Reference } from './reference.ts';
import type { Credentials } from './registry/credentials.ts';
import { asSeenFromOutside } from './registry/failure.ts';
import type { Registries, Registry } from './registry/registry.ts';
import { createSlots } from './slots.ts';

export interface PushOptions {
  credentials: Credentials | null;
  signal: AbortSignal;
  onProgress: OnProgress;
}

interface Part {
  digest: string;
  sizeBytes: number;
  /** What is shown for it. */
  id: string;
}

const layersAtATime = 3;
/** Repositories that are asked for a blob before it is sent. */
const mountsTriedMax = 3;

export type Push = ReturnType<typeof createPush>;

export function createPush({ images, registries, events }: { images: Images; registries: Registries; events: Events }) {
  /** The image under that tag; without a tag all of the repository. @throws EngineError in Docker's words */
  async function pushImage(reference: Reference, options: PushOptions): Promise<void> {
    const { repository, tag } = reference;
    options.onProgress({ id: '', status: `The push refers to repository [${reference.domain}/${reference.path}]` });
    const chosen = images.list().flatMap((image) =>
      image.tags
        .map((name) => parseReference(name))
        .filter((one) => one.repository === repository && (tag === null || one.tag === tag))
        .map((one) => ({ image, tag: one.tag ?? 'latest' })),
    );
    if (chosen.length === 0) {
      const name = tag === null ? repository : `${repository}:${tag}`;
      throw new EngineError('not-found', `An image does not exist locally with the tag: ${name}`);
    }
    const registry = registries.open(reference, options.credentials);
    try {
      for (const one of chosen) await pushOne(registry, reference, one, options);
    } catch (error) {
      if (options.signal.aborted) throw new EngineError('cancelled', 'the request was cancelled', { cause: error });
      throw asSeenFromOutside(error);
    }
  }

  async function pushOne(
    registry: Registry,
    { repository, domain, path }: Reference,
    { image, tag }: { image: ImageRecord; tag: string },
    { signal, onProgress }: PushOptions,
  ): Promise<void> {
    await images.hold(async (_layers, blobs) => {
      const served = manifestFor(images, image, repository);
      const { config, layers } = manifestSchema.parse(JSON.parse(served.content.toString('utf8')));
      const parts = layers.map(({ digest, size }, index): Part => {
        const id = shortId(image.config.rootfs.diff_ids[index] ?? digest);
        return { digest, sizeBytes: size, id };
      });
      for (const { id } of parts) onProgress({ id, status: 'Preparing' });
      const sources = mountSources(images, domain, path);
      await sendAll({ registry, blobs, parts, sources, signal, onProgress });
      if (!(await registry.hasBlob(config.digest, signal))) {
        await registry.upload({ ...opened(blobs, config.digest), sizeBytes: config.size, signal });
      }
      const descriptor = { mediaType: served.mediaType, digest: served.digest, size: served.content.length };
      await registry.putManifest({ tagOrDigest: tag, descriptor, content: served.content, signal });
      await blobs.put(served.content, served.digest);
      images.addDigest(image.id, { digest: served.digest, repository, mediaType: served.mediaType });
      const pushed = { tag, digest: served.digest, sizeBytes: served.content.length };
      onProgress({ id: '', status: `${tag}: digest: ${served.digest} size: ${served.content.length}`, pushed });
      const attributes = { ...image.config.config?.Labels, name: `${repository}:${tag}` };
      events.append({ type: 'image', action: 'push', actorId: image.id, attributes });
    });
  }

  return { pushImage };
}

/** As it came from wherever it came, rather than made anew. */
function manifestFor(images: Images, image: ImageRecord, repository: string) {
  const origins = [repository, ...image.digests.map((one) => one.repository)];
  const known = new Set(image.digests.map((one) => one.manifestDigest));
  for (const origin of origins) {
    const served = images.manifest(image, origin);
    if (known.has(served.digest)) return served;
  }
  return images.manifest(image, null);
}

interface Sending {
  registry: Registry;
  blobs: Blobs;
  parts: Part[];
  sources: (digest: string) => string[];
  signal: AbortSignal;
  onProgress: OnProgress;
}

/** A layer that an image has twice is sent once. The first failure ends the others. */
async function sendAll(sending: Sending): Promise<void> {
  const slots = createSlots(layersAtATime);
  const stop = new AbortController();
  const signal = AbortSignal.any([sending.signal, stop.signal]);
  const sent = new Map<string, Promise<string>>();
  let first: unknown;
  await Promise.all(
    sending.parts.map(async (part) => {
      try {
        const begun = sent.get(part.digest) ?? slots.use(() => send({ ...sending, signal }, part), { signal });
        sent.set(part.digest, begun);
        sending.onProgress({ id: part.id, status: await begun });
      } catch (error) {
        first ??= error;
        stop.abort();
      }
    }),
  );
  if (first !== undefined) throw first;
}

/** @returns what became of it, in Docker's words */
async function send({ registry, blobs, sources, signal, onProgress }: Sending, part: Part): Promise<string> {
  const { digest, sizeBytes, id } = part;
  if (await registry.hasBlob(digest, signal)) return 'Layer already exists';
  for (const source of sources(digest).slice(0, mountsTriedMax)) {
    if (await registry.mount(digest, source, signal)) return `Mounted from ${source}`;
  }
  if (!blobs.has(digest)) throw new EngineError('data-loss', `blob ${digest} is not here; berth-agent fsck says more`);
  const tell = throttled(onProgress);
  await registry.upload({
    ...opened(blobs, digest),
    sizeBytes,
    signal,
    onProgress: (currentBytes) => tell({ id, status: 'Pushing', currentBytes, totalBytes: sizeBytes }),
  });
  return 'Pushed';
}

function opened(blobs: Blobs, digest: string) {
  const file = blobs.path(digest);
  return { digest, open: (offset: number) => createReadStream(file, { start: offset, highWaterMark: 256 * 1024 }) };
}

/** Other repositories of the registry that should have a blob: those that images with it were pulled from or pushed to. */
function mountSources(images: Images, domain: string, path: string): (digest: string) => string[] {
  const known = new Map<string, Set<string>>();
  for (const image of images.list()) {
    const repositories = image.digests
      .map(({ repository }) => parseReference(repository))
      .filter((one) => one.domain === domain && one.path !== path)
      .map((one) => one.path);
    if (repositories.length === 0) continue;
    for (const { digest } of manifestSchema.parse(JSON.parse(images.manifest(image, null).content.toString())).layers) {
      const set = known.get(digest) ?? new Set();
      for (const one of repositories) set.add(one);
      known.set(digest, set);
    }
  }
  return (digest) => [...(known.get(digest) ?? [])];
}
