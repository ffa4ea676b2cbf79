/** What the verbs of images share: records, content, and the way from a reference to an image. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '@berth/shared/errors';
import type { Database } from '../database.ts';
import type { Events } from '../events.ts';
import { type Blobs, createBlobs, digestOf } from './blobs.ts';
import { createLayers, isResumable, type Layers, layerDirectory } from './layers.ts';
import { makeManifest, manifestSchema, mediaType } from './manifest.ts';
import { parseReference, taggedName } from './reference.ts';
import { createImageStore, type StoredImage } from './store.ts';
import { createUnused } from './unused.ts';

export interface ImageRecord extends StoredImage {
  /** Absolute directories of the layers, topmost first. */
  layerDirs: string[];
}

/** A container of an image. */
export interface ImageUse {
  containerId: string;
  name: string;
  imageId: string;
  running: boolean;
}

export type ImageContext = ReturnType<typeof createImageContext>;

export function createImageContext(deps: { db: Database; dataDir: string; events: Events; inUse: () => ImageUse[] }) {
  const { db, dataDir } = deps;
  mkdirSync(path.join(dataDir, 'tmp'), { recursive: true, mode: 0o700 });
  const store = createImageStore(db);
  const blobs = createBlobs(dataDir);
  const layers = createLayers({ db, dataDir, store, blobs });
  const unused = createUnused({ db, dataDir, store, blobs });

  const withDirectories = (image: StoredImage): ImageRecord => ({
    ...image,
    layerDirs: image.visibleChainIds.map((id) => path.join(layerDirectory(dataDir, id), 'diff')).reverse(),
  });

  /** As dockerd looks: an exact id, then a name, then the beginning of an id. */
  function find(reference: string): StoredImage | null {
    const hex = reference.replace(/^sha256:/, '');
    const exact = /^[0-9a-f]{64}$/.test(hex) ? store.get(`sha256:${hex}`) : null;
    if (exact !== null) return exact;
    const named = reference.startsWith('sha256:') || hex.length === 64 ? null : byName(reference);
    if (named !== null || !/^[0-9a-f]{1,64}$/.test(hex)) return named;
    const [first, ...others] = store.ids().filter((id) => id.startsWith(`sha256:${hex}`));
    if (others.length > 0) throw new EngineError('invalid-parameter', `image id ${reference} is ambiguous`);
    return first === undefined ? null : store.get(first);
  }

  function byName(reference: string): StoredImage | null {
    const { repository, digest } = parseReference(reference);
    return digest === null ? store.byTag(taggedName(reference)) : store.byDigest(repository, digest);
  }

  function resolve(reference: string): ImageRecord {
    const image = find(reference);
    if (image === null) throw new EngineError('not-found', `No such image: ${displayName(reference)}`);
    return withDirectories(image);
  }

  /** Layers and blobs that `work` ingests, finds or puts are not taken for unused until it has ended. */
  async function hold<T>(work: (layers: Layers, blobs: Blobs) => Promise<T>): Promise<T> {
    const keep = unused.hold();
    const held = {
      get(chainId: string) {
        keep.chainIds.add(chainId);
        return layers.get(chainId);
      },
      ingest: (wanted: Parameters<Layers['ingest']>[0]) => layers.ingest(wanted, keep),
    };
    const heldBlobs: Blobs = {
      path: blobs.path,
      open: blobs.open,
      read: blobs.read,
      has(digest) {
        keep.digests.add(digest);
        return blobs.has(digest);
      },
      put(content, digest) {
        keep.digests.add(digest ?? digestOf(content));
        return blobs.put(content, digest);
      },
    };
    let isResumed = false;
    try {
      return await work(held, heldBlobs);
    } catch (error) {
      isResumed = isResumable(error);
      throw error;
    } finally {
      await unused.release(keep, { isResumable: isResumed });
    }
  }

  /**
   * The manifest of an image: as it was pulled from or last pushed to this repository, where all its blobs are here, or
   * made of what is here. @throws conflict for an image of an agent that kept no blobs
   */
  function manifestOf(image: StoredImage, repository: string | null): Served {
    for (const known of image.digests.filter((one) => one.repository === repository).reverse()) {
      const content = blobs.readNow(known.manifestDigest);
      const parsed = content === null ? null : manifestSchema.safeParse(parseJson(content)).data;
      if (content === null || parsed == null || !parsed.layers.every((layer) => blobs.has(layer.digest))) continue;
      return { content, digest: known.manifestDigest, mediaType: parsed.mediaType ?? mediaType.ociManifest };
    }
    const parts = image.chainIds.map((chainId) => layers.get(chainId)?.blob ?? null);
    const kept = parts.filter((blob) => blob !== null);
    if (kept.length < parts.length || blobs.readNow(image.id) === null) {
      throw new EngineError(
        'conflict',
        `image ${image.id.slice(7, 19)} was stored by an older agent, which kept no archives of layers: load or pull it again`,
      );
    }
    const content = makeManifest({ digest: image.id, sizeBytes: blobs.sizeBytes(image.id) }, kept);
    return { content, digest: digestOf(content), mediaType: mediaType.ociManifest };
  }

  return { ...deps, store, blobs, layers, unused, find, resolve, withDirectories, hold, manifestOf };
}

export interface Served {
  content: Buffer;
  digest: string;
  mediaType: string;
}

export function displayName(reference: string): string {
  if (/^(sha256:)?[0-9a-f]{12,64}$/.test(reference)) return reference;
  const parsed = parseReference(reference);
  return parsed.digest === null ? `${parsed.repository}:${parsed.tag ?? 'latest'}` : reference;
}

/** Of a blob whose digest was checked: null when it is not JSON after all. */
export function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    return null;
  }
}
