/**
 * Layers: a directory by chain id and the blob it was made from. A layer is ingested in one pass: what is read is hashed,
 * kept as blob, decompressed, hashed again and applied into a staging directory; only what was verified is renamed into
 * place, blob first, and the row comes last. A crash leaves a staging directory, files without a row, or a partial
 * download, which the next try takes up.
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, ftruncateSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { type IngestedLayer, removeTree } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { type Database, durably } from '../database.ts';
import { type BlobStore, syncDirectory } from './blobs.ts';
import { createSharing } from './sharing.ts';
import type { ImageStore } from './store.ts';
import { type PartialBlob, unpack } from './unpack.ts';

export interface Layer {
  chainId: string;
  diffId: string;
  /** Of its files. */
  sizeBytes: number;
  blob: { digest: string; sizeBytes: number; mediaType: string };
}

export interface WantedLayer {
  /** Null: whatever comes. */
  diffId: string | null;
  /** Chain id of the layer below. */
  parent: string | null;
  /** The blob as it comes and is kept; null: whatever comes, kept compressed. */
  blob: { digest: string; sizeBytes: number } | null;
  /** The blob's bytes from there on. `signal`: nobody wants them any more. */
  open: (offset: number, signal: AbortSignal) => Promise<Readable>;
  signal: AbortSignal;
  onProgress?: (done: { downloadedBytes: number } | 'extracting') => void;
}

export interface Layers {
  /** Null as well for one whose blob is not here. */
  get(chainId: string): Layer | null;
  /**
   * Two that want the same layer share the work; bytes kept of an earlier try are not asked for again. Checked against
   * diffId and blob before it becomes visible. @throws invalid-parameter, unavailable, cancelled, system; what `open` throws
   */
  ingest(wanted: WantedLayer): Promise<Layer>;
}

/** Told of what is about to become visible, before it does. */
export interface Keep {
  chainIds: Set<string>;
  digests: Set<string>;
}

const mediaTypes = {
  none: 'application/vnd.oci.image.layer.v1.tar',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
} as const;

export function chainIdOf(parent: string | null, diffId: string): string {
  if (parent === null) return diffId;
  return `sha256:${createHash('sha256').update(`${parent} ${diffId}`).digest('hex')}`;
}

export function layerDirectory(dataDir: string, chainId: string): string {
  return path.join(dataDir, 'layers', chainId.slice('sha256:'.length));
}

export type LayerStore = ReturnType<typeof createLayers>;

type Caller = WantedLayer & { keep: Keep };

export function createLayers(deps: { db: Database; dataDir: string; store: ImageStore; blobs: BlobStore }) {
  const { db, dataDir, store, blobs } = deps;
  const layersDir = path.join(dataDir, 'layers');
  mkdirSync(layersDir, { recursive: true, mode: 0o700 });
  const share = createSharing<Layer, Caller>((_key, caller, signal, callers) => {
    const onProgress: WantedLayer['onProgress'] = (done) => {
      for (const one of callers) one.onProgress?.(done);
    };
    return oneBlobAtATime(caller.blob?.digest ?? null, () => make({ ...caller, signal, onProgress }));
  });

  function get(chainId: string): Layer | null {
    const row = store.layer(chainId);
    return row === null || row.blob === null || !blobs.has(row.blob.digest) ? null : { ...row, blob: row.blob };
  }

  async function ingest(wanted: WantedLayer, keep: Keep): Promise<Layer> {
    if (wanted.blob !== null) keep.digests.add(wanted.blob.digest);
    if (wanted.diffId === null) return share(randomBytes(12).toString('hex'), { ...wanted, keep });
    const chainId = chainIdOf(wanted.parent, wanted.diffId);
    keep.chainIds.add(chainId);
    return get(chainId) ?? share(chainId, { ...wanted, keep });
  }

  /** The same blob may be a layer of two images upon different ones; it is downloaded once. */
  const busy = new Map<string, Promise<unknown>>();
  async function oneBlobAtATime<T>(digest: string | null, work: () => Promise<T>): Promise<T> {
    if (digest === null) return work();
    const result = (busy.get(digest) ?? Promise.resolve()).then(work, work);
    const settled = result.catch(() => undefined).finally(() => busy.get(digest) === settled && busy.delete(digest));
    busy.set(digest, settled);
    return result;
  }

  async function make(wanted: Caller): Promise<Layer> {
    if (wanted.blob !== null && blobs.has(wanted.blob.digest)) {
      const { digest } = wanted.blob;
      try {
        return await inStaging({ ...wanted, open: async () => blobs.open(digest) }, () => null);
      } catch (error) {
        // One that is broken on disk is fetched again.
        if (wanted.signal.aborted || (await blobs.isIntact(digest))) throw error;
        rmSync(blobs.path(digest), { force: true });
      }
    }
    const { blob } = wanted;
    return inStaging(wanted, (staging) => (blob === null ? path.join(staging, 'blob') : blobs.ingestPath(blob.digest)));
  }

  /** `fileIn`: where the blob is kept; null: it is here already. */
  async function inStaging(wanted: Caller, fileIn: (staging: string) => string | null): Promise<Layer> {
    const staging = path.join(dataDir, 'tmp', randomBytes(12).toString('hex'));
    mkdirSync(path.join(staging, 'layer/diff'), { recursive: true, mode: 0o755 });
    const file = fileIn(staging);
    try {
      return await publish(wanted, await fill(wanted, staging, file), staging, file);
    } catch (error) {
      // What is not the layer is not kept for another try; what a connection left of it is.
      if (file !== null && !isResumable(error)) rmSync(file, { force: true });
      throw error;
    } finally {
      await removeTree(staging);
    }
  }

  async function fill(wanted: Caller, staging: string, file: string | null): Promise<IngestedLayer> {
    const directory = path.join(staging, 'layer/diff');
    if (file === null) return unpack(wanted, directory, null);
    const partial = openPartial(file, wanted.blob?.sizeBytes ?? 0);
    try {
      return await unpack(wanted, directory, partial);
    } finally {
      closeSync(partial.fd);
    }
  }

  /** Blob, then directory, then row: each durable before the next. */
  async function publish(wanted: Caller, done: IngestedLayer, staging: string, file: string | null): Promise<Layer> {
    const chainId = chainIdOf(wanted.parent, done.diffId);
    wanted.keep.chainIds.add(chainId);
    wanted.keep.digests.add(done.blobDigest);
    if (file !== null) await blobs.adopt(file, done.blobDigest);
    const directory = layerDirectory(dataDir, chainId);
    // One with a row may be a running container's; it only lacked its blob.
    if (store.layer(chainId) === null || !existsSync(directory)) {
      await removeTree(directory).catch(() => undefined);
      syncDirectory(path.join(staging, 'layer'));
      await rename(path.join(staging, 'layer'), directory);
      syncDirectory(layersDir);
    }
    const layer = {
      chainId,
      diffId: done.diffId,
      sizeBytes: done.bytes,
      hidesBelow: done.hidesBelow,
      blob: { digest: done.blobDigest, sizeBytes: done.blobBytes, mediaType: mediaTypes[done.compression] },
    };
    durably(db, () => store.addLayer(layer));
    return layer;
  }

  return { get, ingest };
}

/** A download that ended too early, or of somebody who went. */
export function isResumable(error: unknown): boolean {
  return !(error instanceof EngineError) || ['unavailable', 'deadline', 'cancelled'].includes(error.kind);
}

/** What an earlier try left of a blob of `sizeBytes`. */
function openPartial(file: string, sizeBytes: number): PartialBlob {
  const fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  const { size } = fstatSync(fd);
  if (size <= sizeBytes) return { file, fd, offset: size };
  ftruncateSync(fd, 0);
  return { file, fd, offset: 0 };
}
