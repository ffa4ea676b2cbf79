/** Images as the Engine API shows them (v1.50). */
import type { ImageContext, ImageRecord } from './context.ts';
import { createdMs } from './filter.ts';

export interface SharedSizes {
  /** Of an image: what of its size others have as well. */
  of(image: ImageRecord): number;
}

/** Among the images of a list: the steps that one was made of are not others, unless they are in it. */
export function sharedSizes({ store }: ImageContext, listed: readonly ImageRecord[]): SharedSizes {
  const users = new Map<string, number>();
  for (const image of listed) for (const id of image.chainIds) users.set(id, (users.get(id) ?? 0) + 1);
  const sizes = new Map(store.layers().map((layer) => [layer.chainId, layer.sizeBytes + (layer.blob?.sizeBytes ?? 0)]));
  return {
    of: (image) =>
      image.chainIds.filter((id) => (users.get(id) ?? 0) > 1).reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0),
  };
}

export function summary(
  context: ImageContext,
  image: ImageRecord,
  options: { shared: SharedSizes | null; manifests: boolean },
): object {
  const containers = context.inUse().filter((use) => use.imageId === image.id);
  return {
    Id: image.id,
    ParentId: image.parentId ?? '',
    RepoTags: image.tags,
    RepoDigests: image.repoDigests,
    Created: Math.floor(createdMs(image) / 1000),
    Size: image.sizeBytes,
    SharedSize: options.shared === null ? -1 : options.shared.of(image),
    Labels: image.config.config?.Labels ?? null,
    Containers: containers.length,
    ...(options.manifests
      ? {
          Manifests: manifests(
            context,
            image,
            containers.map((use) => use.containerId),
          ),
        }
      : {}),
  };
}

function manifests(context: ImageContext, image: ImageRecord, containerIds: string[]): object[] {
  const descriptor = descriptorOf(context, image);
  if (descriptor === null) return [];
  return [
    {
      ID: descriptor.digest,
      Descriptor: descriptor,
      Available: true,
      Size: { Content: image.sizeBytes - image.rootfsBytes, Total: image.sizeBytes },
      Kind: 'image',
      ImageData: {
        Platform: { architecture: image.config.architecture ?? '', os: image.config.os ?? 'linux' },
        Containers: containerIds,
        Size: { Unpacked: image.rootfsBytes },
      },
    },
  ];
}

/** Null for an image of an older agent, which has no blobs. */
function descriptorOf(context: ImageContext, image: ImageRecord) {
  try {
    const manifest = context.manifestOf(image, image.digests.at(-1)?.repository ?? null);
    return { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.content.length };
  } catch {
    return null;
  }
}

export function inspect(context: ImageContext, image: ImageRecord, options: { manifests: boolean }): object {
  const { config } = image;
  const [upper = '', ...lower] = image.layerDirs;
  const descriptor = descriptorOf(context, image);
  const containers = context.inUse().filter((use) => use.imageId === image.id);
  return {
    Id: image.id,
    RepoTags: image.tags,
    RepoDigests: image.repoDigests,
    Parent: image.parentId ?? '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: config.created ?? image.addedAt,
    DockerVersion: '',
    Author: config.author ?? '',
    Config: config.config ?? {},
    Architecture: config.architecture ?? '',
    ...(config.variant == null ? {} : { Variant: config.variant }),
    Os: config.os ?? 'linux',
    Size: image.sizeBytes,
    GraphDriver: {
      Name: 'overlay2',
      Data: upper === '' ? null : { UpperDir: upper, ...(lower.length === 0 ? {} : { LowerDir: lower.join(':') }) },
    },
    RootFS: {
      Type: 'layers',
      ...(config.rootfs.diff_ids.length === 0 ? {} : { Layers: config.rootfs.diff_ids }),
    },
    Metadata: { LastTagTime: image.taggedAt ?? '0001-01-01T00:00:00Z' },
    ...(descriptor === null ? {} : { Descriptor: descriptor }),
    ...(options.manifests
      ? {
          Manifests: manifests(
            context,
            image,
            containers.map((use) => use.containerId),
          ),
        }
      : {}),
  };
}

/** Newest first. Steps of which the images are here have their ids and names. */
export function history(context: ImageContext, image: ImageRecord): object[] {
  const { store } = context;
  const sizes = image.chainIds.map((id) => store.layer(id)?.sizeBytes ?? 0);
  const told = image.config.history ?? [];
  const filled = told.filter((entry) => entry.empty_layer !== true).length;
  // Some producers tell nothing of their layers.
  const silent = Array.from({ length: Math.max(0, sizes.length - filled) }, () => ({}));
  let next = 0;
  const entries = [...silent, ...told].map((entry: (typeof told)[number]) => ({
    Id: '<missing>',
    Created: seconds(entry.created ?? image.config.created ?? null),
    CreatedBy: entry.created_by ?? '',
    Tags: null as string[] | null,
    Size: entry.empty_layer === true ? 0 : (sizes[next++] ?? 0),
    Comment: entry.comment ?? '',
  }));
  entries.reverse();
  let at = image.id;
  for (const entry of entries) {
    const known = store.get(at);
    if (known === null) break;
    Object.assign(entry, { Id: known.id, Tags: known.tags.length === 0 ? null : known.tags });
    if (known.parentId === null) break;
    at = known.parentId;
  }
  return entries;
}

function seconds(time: string | null): number {
  const parsed = time === null ? Number.NaN : Date.parse(time);
  return Number.isNaN(parsed) ? 0 : Math.floor(parsed / 1000);
}
