/** `docker load`: Docker archives (of any age that has a manifest.json) and OCI layouts, indexes in indexes as well. */

import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { removeTree } from '@berth/native';
import { z } from 'zod';
import { decompressed } from '../decompress.ts';
import { addImage } from './add.ts';
import { type Archive, type ArchiveFile, broken, extractArchive } from './archive.ts';
import { digestOf, hexOf } from './blobs.ts';
import { configBytesMax, layersMax, parseConfig } from './config.ts';
import type { ImageContext } from './context.ts';
import type { Layers } from './layers.ts';
import { type Descriptor, indexSchema, type Manifest, manifestSchema } from './manifest.ts';
import { choose, hostPlatform, type Platform } from './platform.ts';
import { taggedName } from './reference.ts';

export interface LoadOptions {
  /** Null: this host's. */
  platform: Platform | null;
  signal: AbortSignal;
}

interface Described {
  configText: string;
  layers: { file: ArchiveFile; blob: { digest: string; sizeBytes: number } | null }[];
  names: string[];
}

const dockerManifest = z
  .array(
    z.looseObject({
      Config: z.string(),
      RepoTags: z.array(z.string()).nullish(),
      Layers: z.array(z.string()).max(layersMax).nullish(),
    }),
  )
  .max(1000);

/** @returns what was loaded, as names or ids; `renamed`: names that another image had. @throws invalid-parameter, system */
export async function load(
  context: ImageContext,
  input: Readable,
  { platform, signal }: LoadOptions,
): Promise<{ loaded: string[]; renamed: { name: string; from: string }[] }> {
  const staging = path.join(context.dataDir, 'tmp', randomBytes(12).toString('hex'));
  await mkdir(staging, { mode: 0o700 });
  let archive: Archive | null = null;
  try {
    archive = await extractArchive(await decompressed(input), staging);
    const images = await describe(archive, platform);
    const loaded: string[] = [];
    const renamed: { name: string; from: string }[] = [];
    for (const image of images) {
      for (const name of image.names) {
        const before = context.store.byTag(name);
        if (before !== null && before.id !== digestOf(image.configText)) renamed.push({ name, from: before.id });
      }
      const id = await context.hold((layers) => addDescribed(context, layers, image, signal));
      loaded.push(...(image.names.length > 0 ? image.names : [id]));
    }
    return { loaded, renamed };
  } catch (error) {
    throw asInvalid(error);
  } finally {
    archive?.close();
    await removeTree(staging);
  }
}

async function addDescribed(context: ImageContext, layers: Layers, image: Described, signal: AbortSignal) {
  const { diff_ids: diffIds } = parseConfig(image.configText).rootfs;
  if (diffIds.length !== image.layers.length) throw broken('its config and manifest disagree on the layers');
  const chainIds: string[] = [];
  for (const [index, diffId] of diffIds.entries()) {
    const source = image.layers[index];
    if (source === undefined) throw broken('a layer is missing');
    const layer = await layers.ingest({
      diffId,
      parent: chainIds.at(-1) ?? null,
      blob: source.blob,
      open: source.file.open,
      signal,
    });
    chainIds.push(layer.chainId);
  }
  return addImage(context, { ...image, chainIds, manifest: null, action: 'load' });
}

async function describe(archive: Archive, platform: Platform | null): Promise<Described[]> {
  // A Docker archive of today is both; its manifest.json has the names, its index all platforms.
  const [isDockers, isLayout] = [await archive.has('manifest.json'), await archive.has('index.json')];
  if (isDockers && (platform === null || !isLayout)) return docker(archive);
  if (isLayout) return ociLayout(archive, platform);
  throw broken('it has neither manifest.json nor index.json');
}

async function docker(archive: Archive): Promise<Described[]> {
  const manifest = dockerManifest.parse(await readJson(archive, 'manifest.json'));
  return Promise.all(
    manifest.map(async (entry) => ({
      configText: await readText(archive, entry.Config),
      layers: await Promise.all((entry.Layers ?? []).map((name) => layerSource(archive, name, blobDigest(name)))),
      names: (entry.RepoTags ?? []).map(taggedName),
    })),
  );
}

async function ociLayout(archive: Archive, platform: Platform | null): Promise<Described[]> {
  const index = indexSchema.parse(await readJson(archive, 'index.json'));
  const images: Described[] = [];
  for (const entry of index.manifests) {
    const manifest = await pickManifest(archive, entry, platform, 0);
    if (manifest === null) continue;
    const configText = await readBlob(archive, manifest.config);
    const layers = await Promise.all(
      manifest.layers.map(async (layer) => {
        const source = await layerSource(archive, blobName(layer.digest), layer.digest);
        const { sizeBytes } = source.file;
        if (sizeBytes !== layer.size) throw broken(`blob ${layer.digest} has ${sizeBytes} bytes`);
        return source;
      }),
    );
    images.push({ configText, layers, names: nameOf(entry) });
  }
  if (images.length === 0) throw broken('it holds no image for this platform');
  return images;
}

/** What tools write: a whole name, or, by the letter of the specification, a tag alone, which names nothing. */
function nameOf({ annotations }: Descriptor): string[] {
  const whole = annotations?.['io.containerd.image.name'];
  if (whole !== undefined) return [taggedName(whole)];
  const name = annotations?.['org.opencontainers.image.ref.name'] ?? '';
  return /[a-z]/.test(name) && !/^v?\d/.test(name) && name !== 'latest' ? [taggedName(name)] : [];
}

/** Null: nothing for the platform. */
async function pickManifest(
  archive: Archive,
  entry: Descriptor,
  platform: Platform | null,
  depth: number,
): Promise<Manifest | null> {
  if (depth > 3) throw broken('its indexes are nested too deeply');
  const content: unknown = JSON.parse(await readBlob(archive, entry));
  const nested = indexSchema.safeParse(content);
  if (!nested.success) return manifestSchema.parse(content);
  const here: Descriptor[] = [];
  for (const one of nested.data.manifests) if (await archive.has(blobName(one.digest))) here.push(one);
  const isImage = (one: Descriptor) => one.platform?.architecture !== 'unknown';
  const chosen = choose(here, platform ?? hostPlatform()) ?? (platform === null ? (here.find(isImage) ?? null) : null);
  if (chosen === null) {
    if (nested.data.manifests.length === 0) throw broken('its index is empty');
    return null;
  }
  return pickManifest(archive, chosen, platform, depth + 1);
}

const blobName = (digest: string) => `blobs/sha256/${hexOf(digest)}`;

/** The digest that a file of an archive has by its name. */
function blobDigest(name: string): string | null {
  const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path.posix.normalize(name))?.[1];
  return hex === undefined ? null : `sha256:${hex}`;
}

/** A compressed layer is kept as it is, and checked; what is not is checked by its diffId, and kept compressed. */
async function layerSource(archive: Archive, name: string, digest: string | null) {
  const file = await archive.file(name);
  return { file, blob: digest !== null && isCompressed(file) ? { digest, sizeBytes: file.sizeBytes } : null };
}

/** gzip or zstd. */
function isCompressed({ magic }: ArchiveFile): boolean {
  return (magic[0] === 0x1f && magic[1] === 0x8b) || (magic.length === 4 && magic.readUInt32LE(0) === 0xfd2fb528);
}

async function readText(archive: Archive, name: string): Promise<string> {
  const content = await archive.read(name, configBytesMax);
  const digest = blobDigest(name);
  if (digest !== null && digestOf(content) !== digest) throw broken(`blob ${digest} has other content`);
  const text = content.toString('utf8');
  // What is not the same bytes again has no digest that could be kept.
  if (!Buffer.from(text).equals(content)) throw broken(`${name} is not UTF-8`);
  return text;
}

async function readJson(archive: Archive, name: string): Promise<unknown> {
  return JSON.parse(await readText(archive, name));
}

const readBlob = (archive: Archive, blob: Descriptor) => readText(archive, blobName(blob.digest));

/** What a parser says of the archive is about the input, not about us. */
function asInvalid(error: unknown): unknown {
  return error instanceof z.ZodError || error instanceof SyntaxError ? broken('its description is malformed') : error;
}
