/** Images: load, import, list, resolve, tag, remove. Content is verified before anything becomes visible. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { removeTree } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { decompressed } from '../decompress.ts';
import type { Events } from '../events.ts';
import { type ArchiveMember, broken, extractArchive } from './archive.ts';
import { chainIdOf, layerDirectory, storeLayer } from './layer.ts';
import { parseReference, taggedName } from './reference.ts';
import { createImageStore, type ImageConfig, type StoredImage } from './store.ts';

export interface ImageRecord extends StoredImage {
  /** Absolute directories of the layers, topmost first. */
  layerDirs: string[];
}

export interface ImageUse {
  containerId: string;
  name: string;
  imageId: string;
  running: boolean;
}

export interface Images {
  /** By name, name:tag, digest, id or a unique prefix of it. @throws not-found */
  resolve(reference: string): ImageRecord;
  list(): ImageRecord[];
  /** `docker load`: a Docker archive or an OCI layout. @returns what was loaded, as names or ids */
  load(input: Readable): Promise<string[]>;
  /** `docker import`: one layer. @returns the image's id */
  import(input: Readable, options: { name: string | null; message: string }): Promise<string>;
  tag(reference: string, name: string): void;
  remove(reference: string, options: { force: boolean }): Promise<{ Untagged?: string; Deleted?: string }[]>;
  /** At start: removes what an interrupted load left. */
  sweep(): Promise<void>;
}

const configBytesMax = 4 * 1024 ** 2;
const strings = z.array(z.string()).nullish();
const configSchema = z.looseObject({
  created: z.string().optional(),
  architecture: z.string().optional(),
  os: z.string().optional(),
  config: z
    .looseObject({
      User: z.string().optional(),
      Env: strings,
      Cmd: strings,
      Entrypoint: strings,
      WorkingDir: z.string().optional(),
      ExposedPorts: z.record(z.string(), z.looseObject({})).nullish(),
      Volumes: z.record(z.string(), z.looseObject({})).nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
      StopSignal: z.string().optional(),
    })
    .nullish(),
  rootfs: z.looseObject({ type: z.string(), diff_ids: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)).max(500) }),
  history: z
    .array(
      z.looseObject({
        created: z.string().optional(),
        created_by: z.string().optional(),
        comment: z.string().optional(),
        empty_layer: z.boolean().optional(),
      }),
    )
    .optional(),
});
const dockerManifest = z.array(
  z.looseObject({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()) }),
);
const descriptor = z.looseObject({
  mediaType: z.string().optional(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
  annotations: z.record(z.string(), z.string()).optional(),
  platform: z.looseObject({ architecture: z.string(), os: z.string() }).optional(),
});
const ociIndex = z.looseObject({ manifests: z.array(descriptor).max(1000) });
const ociManifest = z.looseObject({ config: descriptor, layers: z.array(descriptor).max(500) });

interface LoadedImage {
  config: ImageConfig;
  configText: string;
  layerFiles: string[];
  names: string[];
}

export function createImages(deps: { db: Database; dataDir: string; events: Events; inUse: () => ImageUse[] }): Images {
  const { dataDir, events } = deps;
  const store = createImageStore(deps.db);
  const layersDir = path.join(dataDir, 'layers');
  const stagingDir = path.join(dataDir, 'tmp');
  for (const directory of [layersDir, stagingDir]) mkdirSync(directory, { recursive: true, mode: 0o700 });

  const withDirectories = (image: StoredImage): ImageRecord => ({
    ...image,
    layerDirs: image.chainIds.map((id) => path.join(layerDirectory(dataDir, id), 'diff')).reverse(),
  });

  function find(reference: string): StoredImage | null {
    const id = reference.startsWith('sha256:') ? reference : `sha256:${reference}`;
    if (/^sha256:[0-9a-f]{64}$/.test(id)) {
      const exact = store.get(id);
      if (exact !== null) return exact;
    }
    if (/^(sha256:)?[0-9a-f]{4,64}$/.test(reference)) {
      const matching = store.all().filter((image) => image.id.startsWith(id));
      if (matching.length > 1) throw new EngineError('invalid-parameter', `image id ${reference} is ambiguous`);
      if (matching[0] !== undefined) return matching[0];
    }
    return store.byTag(taggedName(reference));
  }

  function resolve(reference: string): ImageRecord {
    const image = find(reference);
    if (image === null) throw new EngineError('not-found', `No such image: ${displayName(reference)}`);
    return withDirectories(image);
  }

  async function inStaging<T>(work: (directory: string) => Promise<T>): Promise<T> {
    const directory = path.join(stagingDir, randomBytes(12).toString('hex'));
    mkdirSync(directory, { mode: 0o700 });
    try {
      return await work(directory);
    } finally {
      await removeTree(directory);
    }
  }

  async function addLayers(loaded: LoadedImage, staging: string): Promise<{ chainIds: string[]; sizeBytes: number }> {
    const { diff_ids: diffIds } = loaded.config.rootfs;
    if (diffIds.length !== loaded.layerFiles.length) throw broken('its config and manifest disagree on the layers');
    const chainIds: string[] = [];
    for (const [index, diffId] of diffIds.entries()) {
      const parent = chainIds.at(-1) ?? null;
      const chainId = chainIdOf(parent, diffId);
      if (!store.hasLayer(chainId)) {
        const file = loaded.layerFiles[index] ?? '';
        const layer = await storeLayer({
          file,
          dataDir,
          parent,
          expectedDiffId: diffId,
          staging: path.join(staging, `layer-${index}`),
        });
        store.addLayer(layer);
      }
      chainIds.push(chainId);
    }
    const sizes = new Map(store.layers().map((layer) => [layer.chainId, layer.sizeBytes]));
    return { chainIds, sizeBytes: chainIds.reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0) };
  }

  async function addImage(loaded: LoadedImage, staging: string, action: 'load' | 'import'): Promise<string> {
    const { chainIds, sizeBytes } = await addLayers(loaded, staging);
    const id = `sha256:${createHash('sha256').update(loaded.configText).digest('hex')}`;
    store.add({ id, config: loaded.config, sizeBytes, addedAt: new Date().toISOString(), chainIds });
    for (const name of loaded.names) store.setTag(name, id);
    events.append({ type: 'image', action, actorId: id, attributes: { name: loaded.names[0] ?? id } });
    return id;
  }

  return {
    resolve,
    list: () => store.all().map(withDirectories),

    load: (input) =>
      inStaging(async (staging) => {
        try {
          const members = await extractArchive(await decompressed(input), staging);
          const images = await readImages(members);
          const names: string[] = [];
          for (const image of images) {
            const id = await addImage(image, staging, 'load');
            names.push(...(image.names.length > 0 ? image.names : [id]));
          }
          return names;
        } catch (error) {
          await sweepLayers();
          throw asInvalid(error);
        }
      }),

    import: (input, options) =>
      inStaging(async (staging) => {
        const file = path.join(staging, 'layer.tar');
        await pipeline(input, createWriteStream(file, { mode: 0o600 }));
        if ((await stat(file)).size === 0) throw broken('it is empty');
        const layer = await storeLayer({
          file,
          dataDir,
          parent: null,
          expectedDiffId: null,
          staging: path.join(staging, 'layer'),
        });
        store.addLayer(layer);
        const created = new Date().toISOString();
        const config: ImageConfig = {
          created,
          architecture: architecture(),
          os: 'linux',
          config: {},
          rootfs: { type: 'layers', diff_ids: [layer.diffId] },
          history: [{ created, comment: options.message }],
        };
        const configText = JSON.stringify(config);
        const names = options.name === null ? [] : [taggedName(options.name)];
        const id = `sha256:${createHash('sha256').update(configText).digest('hex')}`;
        store.add({ id, config, sizeBytes: layer.sizeBytes, addedAt: created, chainIds: [layer.chainId] });
        for (const name of names) store.setTag(name, id);
        events.append({ type: 'image', action: 'import', actorId: id, attributes: { name: names[0] ?? id } });
        return id;
      }),

    tag(reference, name) {
      const image = resolve(reference);
      const target = taggedName(name);
      store.setTag(target, image.id);
      events.append({ type: 'image', action: 'tag', actorId: image.id, attributes: { name: target } });
    },

    async remove(reference, { force }) {
      const image = resolve(reference);
      const byId = image.id === reference || image.id.slice(7).startsWith(reference.replace(/^sha256:/, ''));
      const users = deps.inUse().filter((use) => use.imageId === image.id);
      const name = byId ? null : taggedName(reference);
      const short = image.id.slice(7, 19);
      if (name !== null && image.tags.length > 1) {
        store.removeTag(name);
        events.append({ type: 'image', action: 'untag', actorId: image.id, attributes: { name } });
        return [{ Untagged: name }];
      }
      if (byId && image.tags.length > 1 && !force) {
        throw new EngineError(
          'conflict',
          `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
        );
      }
      const running = users.find((use) => use.running);
      const stopped = users.find((use) => !use.running);
      const user = running ?? stopped;
      if (user !== undefined) {
        if (running === undefined && force && name !== null) {
          store.removeTag(name);
          return [{ Untagged: name }];
        }
        const must = running === undefined ? 'must be forced' : 'cannot be forced';
        const state = running === undefined ? 'stopped' : 'running';
        throw new EngineError(
          'conflict',
          `conflict: unable to remove repository reference "${displayName(reference)}" (${must}) - container ${user.containerId.slice(0, 12)} is using its referenced image ${short} (${state})`,
        );
      }
      const gone = store.remove(image.id);
      events.append({
        type: 'image',
        action: 'delete',
        actorId: image.id,
        attributes: { name: image.tags[0] ?? image.id },
      });
      for (const chainId of gone) await removeTree(layerDirectory(dataDir, chainId));
      return [
        ...image.tags.map((tag) => ({ Untagged: tag })),
        { Deleted: image.id },
        ...gone.map((chainId) => ({ Deleted: chainId })),
      ];
    },

    async sweep() {
      for (const name of await readdir(stagingDir)) await removeTree(path.join(stagingDir, name));
      await sweepLayers();
    },
  };

  /** Directory and row of a layer that no image names, and directories without a row. */
  async function sweepLayers(): Promise<void> {
    for (const chainId of store.dropUnusedLayers()) await removeTree(layerDirectory(dataDir, chainId));
    const known = new Set(store.layers().map((layer) => layer.chainId.slice('sha256:'.length)));
    for (const name of await readdir(layersDir)) if (!known.has(name)) await removeTree(path.join(layersDir, name));
  }
}

export function displayName(reference: string): string {
  if (/^(sha256:)?[0-9a-f]{12,64}$/.test(reference)) return reference;
  const parsed = parseReference(reference);
  return parsed.digest === null ? `${parsed.repository}:${parsed.tag ?? 'latest'}` : reference;
}

export function architecture(): string {
  return { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? process.arch;
}

async function readImages(members: Map<string, ArchiveMember>): Promise<LoadedImage[]> {
  if (members.has('manifest.json')) return readDockerArchive(members);
  if (members.has('index.json')) return readOciLayout(members);
  throw broken('it has neither manifest.json nor index.json');
}

async function readDockerArchive(members: Map<string, ArchiveMember>): Promise<LoadedImage[]> {
  const manifest = dockerManifest.parse(await readJson(members, 'manifest.json'));
  return Promise.all(
    manifest.map(async (entry) => {
      const configText = await readText(members, entry.Config);
      return {
        config: parseConfig(configText),
        configText,
        layerFiles: entry.Layers.map((name) => member(members, name).file),
        names: (entry.RepoTags ?? []).map(taggedName),
      };
    }),
  );
}

async function readOciLayout(members: Map<string, ArchiveMember>): Promise<LoadedImage[]> {
  const index = ociIndex.parse(await readJson(members, 'index.json'));
  const images: LoadedImage[] = [];
  for (const entry of index.manifests) {
    const found = await pickManifest(members, entry, 0);
    const configText = await readBlob(members, found.config);
    const name =
      entry.annotations?.['io.containerd.image.name'] ?? entry.annotations?.['org.opencontainers.image.ref.name'];
    for (const layer of found.layers) await verifyBlob(members, layer);
    images.push({
      config: parseConfig(configText),
      configText,
      layerFiles: found.layers.map((layer) => member(members, blobName(layer.digest)).file),
      names: name === undefined || !/[a-z]/.test(name) || /^v?\d/.test(name) ? [] : [taggedName(name)],
    });
  }
  return images;
}

async function pickManifest(
  members: Map<string, ArchiveMember>,
  entry: z.infer<typeof descriptor>,
  depth: number,
): Promise<z.infer<typeof ociManifest>> {
  const content: unknown = JSON.parse(await readBlob(members, entry));
  const nested = ociIndex.safeParse(content);
  if (!nested.success) return ociManifest.parse(content);
  if (depth > 3) throw broken('its indexes are nested too deeply');
  const fitting = nested.data.manifests.find((one) => one.platform?.architecture === architecture());
  const chosen = fitting ?? nested.data.manifests[0];
  if (chosen === undefined) throw broken('its index is empty');
  return pickManifest(members, chosen, depth + 1);
}

const blobName = (digest: string) => `blobs/sha256/${digest.slice('sha256:'.length)}`;

function member(members: Map<string, ArchiveMember>, name: string): ArchiveMember {
  const found = members.get(path.posix.normalize(name));
  if (found === undefined) throw broken(`${name} is missing`);
  return found;
}

async function readText(members: Map<string, ArchiveMember>, name: string): Promise<string> {
  const { file, sizeBytes } = member(members, name);
  if (sizeBytes > configBytesMax) throw broken(`${name} is larger than ${configBytesMax} bytes`);
  return readFile(file, 'utf8');
}

async function readJson(members: Map<string, ArchiveMember>, name: string): Promise<unknown> {
  return JSON.parse(await readText(members, name));
}

async function readBlob(members: Map<string, ArchiveMember>, blob: z.infer<typeof descriptor>): Promise<string> {
  const content = await readText(members, blobName(blob.digest));
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  if (digest !== blob.digest) throw broken(`blob ${blob.digest} has other content`);
  return content;
}

async function verifyBlob(members: Map<string, ArchiveMember>, blob: z.infer<typeof descriptor>): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(member(members, blobName(blob.digest)).file)) hash.update(chunk);
  if (`sha256:${hash.digest('hex')}` !== blob.digest) throw broken(`blob ${blob.digest} has other content`);
}

function parseConfig(text: string): ImageConfig {
  return configSchema.parse(JSON.parse(text)) as ImageConfig;
}

/** What a parser says of the archive is about the input, not about us. */
function asInvalid(error: unknown): unknown {
  if (error instanceof EngineError) return error;
  if (error instanceof z.ZodError || error instanceof SyntaxError) return broken('its description is malformed');
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) return broken(error.message);
  return error;
}
