/**
 * `docker save`: an OCI layout that is a Docker archive as well, its blobs as they are kept. Nothing is unpacked or
 * compressed again; each blob is checked while it is sent, so that a broken one ends the stream and not in an archive.
 */
import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '@berth/shared/errors';
import type { Blobs } from './blobs.ts';
import { hexOf } from './blobs.ts';
import { type ImageContext, type ImageRecord, parseJson, type Served } from './context.ts';
import { indexSchema, manifestSchema, mediaType } from './manifest.ts';
import { parseReference } from './reference.ts';
import { isIdOf } from './remove.ts';
import { directory, member, type TarMember, tarStream } from './tar-stream.ts';

interface Chosen {
  image: ImageRecord;
  tags: string[];
  manifest: Served;
}

/** `names`: references, ids, or repositories with all their tags. @throws not-found, conflict, before anything is written */
export async function save(
  context: ImageContext,
  names: readonly string[],
): Promise<(into: Writable) => Promise<void>> {
  if (names.length === 0) throw new EngineError('invalid-parameter', 'no image is named');
  const chosen = choose(context, names);
  return (into) =>
    context.hold(async (layers, blobs) => {
      for (const { image } of chosen) for (const chainId of image.chainIds) layers.get(chainId);
      const members = [...blobMembers(chosen, blobs), ...descriptions(chosen)];
      await pipeline(tarStream(members), into);
    });
}

function choose(context: ImageContext, names: readonly string[]): Chosen[] {
  const chosen = new Map<string, Chosen>();
  for (const name of names) {
    for (const { image, tag } of imagesOf(context, name)) {
      const repository = tag === null ? null : parseReference(tag).repository;
      const known = chosen.get(image.id) ?? { image, tags: [], manifest: context.manifestOf(image, repository) };
      if (tag !== null && !known.tags.includes(tag)) known.tags.push(tag);
      chosen.set(image.id, known);
    }
  }
  return [...chosen.values()];
}

function imagesOf(context: ImageContext, name: string): { image: ImageRecord; tag: string | null }[] {
  const whole = context.find(name);
  if (whole !== null && isIdOf(whole, name)) return [{ image: context.withDirectories(whole), tag: null }];
  const { repository, tag, digest } = parseReference(name);
  if (digest !== null) return [{ image: context.resolve(name), tag: null }];
  if (tag !== null) return [{ image: context.resolve(name), tag: `${repository}:${tag}` }];
  const all = context.store
    .all()
    .flatMap((image) => image.tags.map((one) => ({ image: context.withDirectories(image), tag: one })))
    .filter((one) => parseReference(one.tag).repository === repository)
    .sort((a, b) => (a.tag < b.tag ? -1 : 1));
  return all.length > 0 ? all : [{ image: context.resolve(name), tag: `${repository}:latest` }];
}

const parse = ({ manifest }: Chosen) => manifestSchema.parse(parseJson(manifest.content));

function blobMembers(chosen: readonly Chosen[], blobs: Blobs): TarMember[] {
  const members = new Map<string, TarMember>();
  const name = (digest: string) => `blobs/sha256/${hexOf(digest)}`;
  for (const one of chosen) {
    members.set(name(one.manifest.digest), member(name(one.manifest.digest), one.manifest.content));
    const { config, layers } = parse(one);
    for (const { digest, size } of [config, ...layers]) {
      if (!blobs.has(digest)) throw new EngineError('data-loss', `blob ${digest} of ${one.image.id} is missing`);
      members.set(name(digest), { name: name(digest), sizeBytes: size, content: () => checked(blobs, digest, size) });
    }
  }
  const sorted = [...members.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [directory('blobs/'), directory('blobs/sha256/'), ...sorted];
}

async function* checked(blobs: Blobs, digest: string, sizeBytes: number): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let count = 0;
  for await (const chunk of blobs.open(digest)) {
    hash.update(chunk);
    count += chunk.length;
    if (count > sizeBytes) break;
    yield chunk;
  }
  if (count !== sizeBytes || `sha256:${hash.digest('hex')}` !== digest)
    throw new EngineError('data-loss', `blob ${digest} has other content on disk; berth-agent fsck says more`);
}

function descriptions(chosen: readonly Chosen[]): TarMember[] {
  const json = (name: string, content: unknown) => member(name, Buffer.from(JSON.stringify(content)));
  const blob = (digest: string) => `blobs/sha256/${hexOf(digest)}`;
  const repositories: Record<string, Record<string, string>> = {};
  for (const one of chosen) {
    const top = parse(one).layers.at(-1)?.digest ?? one.image.id;
    for (const tag of one.tags) {
      const { repository, tag: label } = parseReference(tag);
      repositories[repository] = { ...repositories[repository], [label ?? 'latest']: hexOf(top) };
    }
  }
  return [
    json('index.json', index(chosen)),
    json(
      'manifest.json',
      chosen.map((one) => ({
        Config: blob(one.image.id),
        RepoTags: one.tags.length === 0 ? null : one.tags,
        Layers: parse(one).layers.map((layer) => blob(layer.digest)),
      })),
    ),
    json('oci-layout', { imageLayoutVersion: '1.0.0' }),
    ...(Object.keys(repositories).length === 0 ? [] : [json('repositories', repositories)]),
  ];
}

function index(chosen: readonly Chosen[]) {
  const manifests = chosen.flatMap(({ image, tags, manifest }) => {
    const { os, architecture, variant } = image.config;
    const descriptor = {
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: manifest.content.length,
      ...(os == null || architecture == null
        ? {}
        : { platform: { architecture, os, ...(variant == null ? {} : { variant }) } }),
    };
    if (tags.length === 0) return [descriptor];
    return tags.map((tag) => ({
      ...descriptor,
      annotations: {
        'io.containerd.image.name': canonicalName(tag),
        'org.opencontainers.image.ref.name': parseReference(tag).tag ?? 'latest',
      },
    }));
  });
  return indexSchema.parse({ schemaVersion: 2, mediaType: mediaType.ociIndex, manifests });
}

/** With the registry that a short name stands for. */
function canonicalName(name: string): string {
  const { domain, path, tag } = parseReference(name);
  return `${domain}/${path}:${tag ?? 'latest'}`;
}
