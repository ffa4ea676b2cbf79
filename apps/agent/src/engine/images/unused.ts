/**
 * What no record stands for any more: rows go first and durably, then files, moved aside in the same tick so that the
 * same layer may be made again at once. What somebody holds (a pull under way) is left alone.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { removeTree } from '@berth/native';
import { type Database, durably } from '../database.ts';
import type { BlobStore } from './blobs.ts';
import { type Keep, layerDirectory } from './layers.ts';
import type { ImageStore, LayerRow } from './store.ts';

/** What may be unused, to be looked at. */
export interface Candidates {
  chainIds: Iterable<string>;
  digests: Iterable<string>;
}

export interface Freed {
  layers: LayerRow[];
  bytes: number;
}

/** Partial downloads and layers without an image are what an interrupted pull takes up. */
const resumableMs = 24 * 3600 * 1000;

export type Unused = ReturnType<typeof createUnused>;

export function createUnused(deps: { db: Database; dataDir: string; store: ImageStore; blobs: BlobStore }) {
  const { db, dataDir, store, blobs } = deps;
  const holds = new Set<Keep>();
  const isHeld = (kind: keyof Keep, id: string) => [...holds].some((hold) => hold[kind].has(id));

  const unusedAmong = (chainIds: ReadonlySet<string>) =>
    store.unusedLayers().filter(({ chainId }) => chainIds.has(chainId) && !isHeld('chainIds', chainId));

  function removeFiles(
    layers: readonly LayerRow[],
    digests: readonly string[],
  ): { bytes: number; done: Promise<void> } {
    const doomed = path.join(dataDir, 'tmp', `removed-${randomBytes(12).toString('hex')}`);
    mkdirSync(doomed, { mode: 0o700 });
    let bytes = 0;
    for (const { chainId, sizeBytes } of layers) {
      const directory = layerDirectory(dataDir, chainId);
      if (!existsSync(directory)) continue;
      renameSync(directory, path.join(doomed, path.basename(directory)));
      bytes += sizeBytes;
    }
    for (const digest of digests) {
      if (!blobs.has(digest)) continue;
      bytes += blobs.sizeBytes(digest);
      renameSync(blobs.path(digest), path.join(doomed, `blob-${path.basename(blobs.path(digest))}`));
    }
    return { bytes, done: removeTree(doomed) };
  }

  /** Removes records as `change` says, and what of its candidates is unused then. */
  async function removing(change: () => Candidates): Promise<Freed> {
    const { layers, digests } = durably(db, () => {
      const candidates = change();
      const gone = unusedAmong(new Set(candidates.chainIds));
      for (const { chainId } of gone) store.removeLayer(chainId);
      return { layers: gone, digests: new Set([...candidates.digests, ...blobsOf(gone)]) };
    });
    const named = store.namedBlobs();
    const unnamed = [...digests].filter((digest) => !named.has(digest) && !isHeld('digests', digest));
    if (layers.length === 0 && unnamed.length === 0) return { layers, bytes: 0 };
    const { bytes, done } = removeFiles(layers, unnamed);
    await done;
    return { layers, bytes };
  }

  /** What of a hold is left without a record. */
  async function release(keep: Keep, { isResumable }: { isResumable: boolean }): Promise<void> {
    holds.delete(keep);
    const named = store.namedBlobs();
    const isAllNamed = [...keep.digests].every((digest) => named.has(digest) || !blobs.has(digest));
    if (isAllNamed && (isResumable || unusedAmong(keep.chainIds).length === 0)) return;
    await removing(() => ({ chainIds: isResumable ? [] : keep.chainIds, digests: keep.digests }));
  }

  /** All layers that no image has, and blobs without a record. */
  async function everything(olderThanMs = 0): Promise<Freed> {
    const latest = new Date(Date.now() - olderThanMs).toISOString();
    const found = await blobs.all();
    return removing(() => ({
      chainIds: store.unusedLayers().flatMap((layer) => (layer.addedAt <= latest ? [layer.chainId] : [])),
      digests: found,
    }));
  }

  /** At start, when nothing is under way. */
  async function sweep(): Promise<void> {
    const tmp = path.join(dataDir, 'tmp');
    for (const name of await readdir(tmp)) await removeTree(path.join(tmp, name));
    await everything(resumableMs);
    const known = new Set(store.layers().map((layer) => layer.chainId.slice('sha256:'.length)));
    const layersDir = path.join(dataDir, 'layers');
    for (const name of await readdir(layersDir)) if (!known.has(name)) await removeTree(path.join(layersDir, name));
    for (const name of await readdir(blobs.ingestDirectory)) {
      const file = path.join(blobs.ingestDirectory, name);
      if ((await stat(file)).mtimeMs < Date.now() - resumableMs) await removeTree(file);
    }
  }

  /** What all of it takes: files of layers, and blobs. Downloads under way are not counted. */
  async function totalBytes(): Promise<number> {
    const files = store.layers().reduce((sum, layer) => sum + layer.sizeBytes, 0);
    return (await blobs.all()).reduce((sum, digest) => sum + blobs.sizeBytes(digest), files);
  }

  return {
    removing,
    totalBytes,
    everything,
    sweep,
    release,
    hold(): Keep {
      const keep = { chainIds: new Set<string>(), digests: new Set<string>() };
      holds.add(keep);
      return keep;
    },
  };
}

const blobsOf = (layers: readonly LayerRow[]) => layers.flatMap(({ blob }) => (blob === null ? [] : [blob.digest]));
