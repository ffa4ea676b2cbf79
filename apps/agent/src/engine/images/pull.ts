/**
 * Pulling: the tag is resolved once and everything after it is asked for by digest; layers stream into the store, several
 * at a time; the image becomes visible when all of it is there.
 */
import { EngineError } from '@berth/shared/errors';
import { type Blobs, digestOf } from './blobs.ts';
import { type ImageConfig, parseConfig } from './config.ts';
import type { Images } from './images.ts';
import { chainIdOf, type Layers } from './layers.ts';
import { choose, hostPlatform, type Platform } from './platform.ts';
import { type OnProgress, shortId, throttled } from './progress.ts';
import { familiarName, type Reference } from './reference.ts';
import type { Descriptor, ManifestContent } from './registry/content.ts';
import type { Credentials } from './registry/credentials.ts';
import { pullFailure, RegistryFailure } from './registry/failure.ts';
import { registryLimits } from './registry/limits.ts';
import type { FoundManifest, Registries, Registry } from './registry/registry.ts';
import { createSlots, type Slots } from './slots.ts';

export interface PullOptions {
  /** Null: this host's. */
  platform: Platform | null;
  credentials: Credentials | null;
  signal: AbortSignal;
  onProgress: OnProgress;
}

export interface Pulled {
  id: string;
  /** Of what the tag points to. */
  digest: string;
  isNew: boolean;
}

type ImageManifest = Extract<ManifestContent, { kind: 'image' }>;

const layersAtATime = 3;

export type Pull = ReturnType<typeof createPull>;

export function createPull({ images, registries }: { images: Images; registries: Registries }) {
  const slots = createSlots(layersAtATime);

  /** One image by tag (`latest` where there is none) or digest. @throws EngineError in Docker's words */
  async function pullImage(reference: Reference, options: PullOptions): Promise<Pulled> {
    const wanted = reference.tag === null && reference.digest === null ? { ...reference, tag: 'latest' } : reference;
    try {
      return await pullOne(registries.open(wanted, options.credentials), wanted, options);
    } catch (error) {
      if (options.signal.aborted) throw new EngineError('cancelled', 'the request was cancelled', { cause: error });
      throw pullFailure(error, wanted);
    }
  }

  /** Every tag of the repository. @returns whether anything is new */
  async function pullAllTags(reference: Reference, options: PullOptions): Promise<boolean> {
    const registry = registries.open(reference, options.credentials);
    let isNew = false;
    try {
      for (const tag of await registry.tags(options.signal)) {
        const one = await pullOne(registry, { ...reference, tag, digest: null }, options);
        isNew ||= one.isNew;
      }
    } catch (error) {
      throw pullFailure(error, reference);
    }
    return isNew;
  }

  async function pullOne(registry: Registry, reference: Reference, options: PullOptions): Promise<Pulled> {
    const { signal, onProgress } = options;
    const name = reference.digest ?? reference.tag ?? 'latest';
    const top = await registry.resolve(name, signal);
    const found = await chooseImage(registry, top, options);
    onProgress({ id: name, status: `Pulling from ${reference.path}` });
    return images.hold(async (layers, blobs) => {
      const { config, text } = await readConfig(registry, found.manifest, blobs, signal);
      checkPlatform(config, reference, options.platform);
      const chainIds = chainsOf(config, found.manifest);
      const isHere = chainIds.map((chainId) => layers.get(chainId) !== null);
      const id = found.manifest.config.digest;
      const before = imageNamed(images, reference);
      if (before?.id !== id || isHere.includes(false)) {
        await fetchLayers({ registry, layers, slots, manifest: found.manifest, config, chainIds, signal, onProgress });
      }
      for (const { content, descriptor } of new Set([top, found])) await blobs.put(content, descriptor.digest);
      signal.throwIfAborted();
      const { repository } = reference;
      images.add({
        configText: text,
        chainIds,
        names: reference.digest === null ? [`${repository}:${name}`] : [],
        manifest: { digest: top.descriptor.digest, repository, mediaType: top.descriptor.mediaType },
        action: 'pull',
      });
      onProgress({ id: '', status: `Digest: ${top.descriptor.digest}` });
      return { id, digest: top.descriptor.digest, isNew: before?.id !== id };
    });
  }

  return { pullImage, pullAllTags };
}

/** The image itself, or of an index the one for the platform. */
async function chooseImage(
  registry: Registry,
  top: FoundManifest,
  { platform, signal }: PullOptions,
): Promise<FoundManifest & { manifest: ImageManifest }> {
  const wanted = platform ?? hostPlatform();
  let found = top;
  for (let depth = 0; depth <= registryLimits.indexDepthMax; depth++) {
    const { manifest } = found;
    if (manifest.kind === 'image') return { ...found, manifest };
    const entries = manifest.entries.map((one) => ({ ...one, platform: one.platform ?? undefined }));
    const entry = choose(entries, wanted);
    if (entry === null) {
      throw new EngineError('not-found', `no matching manifest for ${shown(wanted)} in the manifest list entries`);
    }
    found = await registry.resolve(entry.digest, signal);
    if (found.descriptor.mediaType !== entry.mediaType || found.descriptor.size !== entry.size) {
      throw new RegistryFailure('data-loss', `manifest ${entry.digest} is not what the index says of it`);
    }
  }
  throw new RegistryFailure('system', 'the registry’s manifest is refused: indexes inside indexes, too many of them');
}

async function readConfig(
  registry: Registry,
  { config: descriptor }: ImageManifest,
  blobs: Blobs,
  signal: AbortSignal,
): Promise<{ config: ImageConfig; text: string }> {
  const bytesMax = registryLimits.configBytesMax;
  const content = blobs.has(descriptor.digest)
    ? await blobs.read(descriptor.digest, bytesMax)
    : await registry.read(descriptor, bytesMax, signal);
  const text = content.toString('utf8');
  // The text is what is kept, and it has to have the digest that the image is known by.
  if (digestOf(text) !== descriptor.digest) throw new RegistryFailure('data-loss', 'the image’s config is not UTF-8');
  return { config: parseConfig(text), text };
}

function checkPlatform(config: ImageConfig, reference: Reference, wanted: Platform | null): void {
  const os = config.os ?? 'linux';
  if (os !== 'linux')
    throw new EngineError('invalid-parameter', `image operating system "${os}" cannot be used on this platform`);
  if (wanted === null) return;
  const actual: Platform = { os, architecture: config.architecture ?? '', variant: config.variant ?? undefined };
  if (
    choose([{ platform: actual }], wanted) !== null ||
    (wanted.variant !== undefined && actual.variant === undefined && actual.architecture === wanted.architecture)
  )
    return;
  throw new EngineError(
    'not-found',
    `image with reference ${familiarName(reference)} was found but its platform (${shown(actual)}) does not match the specified platform (${shown(wanted)})`,
  );
}

/** Docker shows the one variant that arm64 has. */
function shown({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant ?? (architecture === 'arm64' ? 'v8' : undefined)]
    .filter((part) => part !== undefined)
    .join('/');
}

function chainsOf(config: ImageConfig, { layers }: ImageManifest): string[] {
  const { diff_ids: diffIds } = config.rootfs;
  if (diffIds.length !== layers.length) {
    throw new RegistryFailure(
      'system',
      `the image’s config names ${diffIds.length} layers and its manifest ${layers.length}`,
    );
  }
  let parent: string | null = null;
  return diffIds.map((diffId) => {
    parent = chainIdOf(parent, diffId);
    return parent;
  });
}

function imageNamed(images: Images, reference: Reference) {
  try {
    return images.resolve(familiarName(reference));
  } catch {
    return null;
  }
}

interface Fetching {
  registry: Registry;
  layers: Layers;
  slots: Slots;
  manifest: ImageManifest;
  config: ImageConfig;
  chainIds: string[];
  signal: AbortSignal;
  onProgress: OnProgress;
}

/** The first that fails ends the others, which are waited for: nothing goes on behind the caller's back. */
async function fetchLayers(fetching: Fetching): Promise<void> {
  const { manifest, layers, chainIds, onProgress } = fetching;
  const stop = new AbortController();
  const signal = AbortSignal.any([fetching.signal, stop.signal]);
  const missing = manifest.layers.flatMap((layer, index) => {
    const isHere = layers.get(chainIds[index] ?? '') !== null;
    onProgress({ id: shortId(layer.digest), status: isHere ? 'Already exists' : 'Pulling fs layer' });
    return isHere ? [] : [{ layer, index }];
  });
  let first: unknown;
  await Promise.all(
    missing.map(async ({ layer, index }) => {
      try {
        await fetchLayer({ ...fetching, signal }, layer, index);
      } catch (error) {
        first ??= error;
        stop.abort();
      }
    }),
  );
  if (first !== undefined) throw first;
}

async function fetchLayer(fetching: Fetching, layer: Descriptor, index: number): Promise<void> {
  const { registry, layers, slots, config, chainIds, signal } = fetching;
  const id = shortId(layer.digest);
  const onProgress = throttled(fetching.onProgress);
  const waits = () => onProgress({ id, status: 'Waiting' });
  await slots.use(
    () =>
      layers.ingest({
        diffId: config.rootfs.diff_ids[index] ?? null,
        parent: index === 0 ? null : (chainIds[index - 1] ?? null),
        blob: { digest: layer.digest, sizeBytes: layer.size },
        signal,
        // Another pull may want the layer on when this one's client has gone: the signal is the work's own.
        open: (offset, wanted) => {
          if (offset > 0) onProgress({ id, status: 'Downloading', currentBytes: offset, totalBytes: layer.size });
          return registry.blob({
            digest: layer.digest,
            sizeBytes: layer.size,
            offset,
            signal: wanted,
            onRetry: (seconds) =>
              onProgress({ id, status: `Retrying in ${seconds} second${seconds === 1 ? '' : 's'}` }),
          });
        },
        onProgress: (done) => {
          if (done === 'extracting') {
            fetching.onProgress({ id, status: 'Download complete' });
            onProgress({ id, status: 'Extracting', currentBytes: layer.size, totalBytes: layer.size });
          } else onProgress({ id, status: 'Downloading', currentBytes: done.downloadedBytes, totalBytes: layer.size });
        },
      }),
    { signal, onWait: waits },
  );
  onProgress({ id, status: 'Pull complete' });
}
