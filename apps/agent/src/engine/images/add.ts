/** An image becomes visible: its record, layers (all there), names and repository digests in one transaction. */
import { EngineError } from '@berth/shared/errors';
import { durably } from '../database.ts';
import { digestOf } from './blobs.ts';
import { parseConfig } from './config.ts';
import { type ImageContext, parseJson } from './context.ts';
import { indexSchema, manifestSchema } from './manifest.ts';
import { taggedName } from './reference.ts';
import type { ImageDigest } from './store.ts';

export interface NewImage {
  /** The config blob, to the byte. */
  configText: string;
  /** Lowest first. */
  chainIds: string[];
  names: string[];
  /** What the repository's tag points to: the image's manifest, or an index that has it. Its blobs are here. */
  manifest: RepositoryDigest | null;
  parentId?: string | null;
  action: 'pull' | 'load' | 'import' | 'commit' | 'build';
}

export interface RepositoryDigest {
  digest: string;
  repository: string;
  mediaType: string;
}

/** @returns the image's id. @throws invalid-parameter */
export function addImage(context: ImageContext, image: NewImage): string {
  const { db, store, blobs, events } = context;
  const id = digestOf(image.configText);
  const config = parseConfig(image.configText);
  if (config.rootfs.diff_ids.length !== image.chainIds.length)
    throw new EngineError('invalid-parameter', 'the config and the manifest of the image disagree on its layers');
  const missing = image.chainIds.find((chainId) => store.layer(chainId) === null);
  if (missing !== undefined) throw new EngineError('system', `layer ${missing} is not here`);
  const names = image.names.map(taggedName);
  const digest = image.manifest === null ? null : withManifest(context, id, image.manifest);
  blobs.putNow(Buffer.from(image.configText), id);
  durably(db, () => {
    const addedAt = new Date().toISOString();
    store.add({
      id,
      configText: image.configText,
      addedAt,
      parentId: image.parentId ?? null,
      chainIds: image.chainIds,
    });
    for (const name of names) store.setTag(name, id);
    if (digest !== null) store.setDigest(id, digest);
  });
  const emit = (action: string, name: string) =>
    events.append({ type: 'image', action, actorId: id, attributes: { ...config.config?.Labels, name } });
  if (image.action === 'commit' || image.action === 'build') {
    emit('create', id);
    for (const name of names) emit('tag', name);
  } else {
    emit(image.action, names[0] ?? id);
  }
  return id;
}

/** After a push: the repository has the image under this digest. */
export function addDigest(context: ImageContext, imageId: string, manifest: RepositoryDigest): void {
  const digest = withManifest(context, imageId, manifest);
  durably(context.db, () => context.store.setDigest(imageId, digest));
}

/** Finds the manifest of the image in what the repository's tag points to. @throws invalid-parameter */
function withManifest({ blobs }: ImageContext, imageId: string, from: RepositoryDigest): ImageDigest {
  const isTheImages = (digest: string) => {
    const content = blobs.readNow(digest);
    const manifest = content === null ? undefined : manifestSchema.safeParse(parseJson(content)).data;
    return manifest?.config.digest === imageId;
  };
  const find = (digest: string, depth: number): string | null => {
    if (isTheImages(digest)) return digest;
    const content = depth > 3 ? null : blobs.readNow(digest);
    const index = content === null ? undefined : indexSchema.safeParse(parseJson(content)).data;
    for (const one of index?.manifests ?? []) {
      const found = find(one.digest, depth + 1);
      if (found !== null) return found;
    }
    return null;
  };
  const manifestDigest = find(from.digest, 0);
  if (manifestDigest === null)
    throw new EngineError('invalid-parameter', `${from.digest} is not a manifest of image ${imageId}`);
  return { ...from, manifestDigest };
}
