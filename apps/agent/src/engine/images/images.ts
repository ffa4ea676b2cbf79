/** Images: what is done with them, put together from its verbs. Content is verified before anything becomes visible. */
import type { Readable } from 'node:stream';
import type { Database } from '../database.ts';
import type { Events } from '../events.ts';
import { addDigest, addImage, type NewImage, type RepositoryDigest } from './add.ts';
import type { Blobs } from './blobs.ts';
import { createImageContext, type ImageRecord, type ImageUse, type Served } from './context.ts';
import { history, inspect, sharedSizes, summary } from './describe.ts';
import { checkFilters, listImages } from './filter.ts';
import { type FsckReport, fsck } from './fsck.ts';
import { type ImportOptions, importImage } from './import.ts';
import type { Layers } from './layers.ts';
import { type LoadOptions, load } from './load.ts';
import { prune } from './prune.ts';
import { type Removed, type RemoveOptions, remove } from './remove.ts';
import { save } from './save.ts';
import { tag } from './tag.ts';

export interface Images {
  /** By id, name, name:tag, name@digest or a unique prefix of an id. @throws not-found */
  resolve(reference: string): ImageRecord;
  list(): ImageRecord[];
  /** Layers and blobs that `work` ingests, finds or puts are not taken for unused until it has ended. */
  hold<T>(work: (layers: Layers, blobs: Blobs) => Promise<T>): Promise<T>;
  /** In one transaction; layers and manifest blobs are there. @returns the image's id. @throws invalid-parameter */
  add(image: NewImage): string;
  /** After a push. */
  addDigest(imageId: string, manifest: RepositoryDigest): void;
  /** As it was pulled from or last pushed to this repository, or made from what is here. @throws conflict */
  manifest(image: ImageRecord, repository: string | null): Served;
  load(input: Readable, options: LoadOptions): ReturnType<typeof load>;
  /** @returns the image's id */
  import(input: Readable, options: ImportOptions): Promise<string>;
  /** `docker save`: what is written to a stream, once it is known that it can be. @throws not-found, conflict */
  save(names: readonly string[]): ReturnType<typeof save>;
  tag(reference: string, name: string): void;
  remove(reference: string, options: RemoveOptions): Promise<{ removed: Removed[]; bytes: number }>;
  /** @throws invalid-parameter */
  prune(filters: Record<string, string[]>): Promise<{ removed: Removed[]; bytes: number }>;
  /** For `GET /images/json`. @throws invalid-parameter, not-found */
  summaries(options: {
    filters: Record<string, string[]>;
    all: boolean;
    sharedSize: boolean;
    manifests: boolean;
  }): object[];
  inspect(reference: string, options: { manifests: boolean }): object;
  history(reference: string): object[];
  /** Of everything that is kept, on disk. */
  totalBytes(): Promise<number>;
  /** While no agent is at work. */
  fsck(options: { repair: boolean }): Promise<FsckReport>;
  /** At start: removes what nothing stands for. */
  sweep(): Promise<void>;
}

export function createImages(deps: { db: Database; dataDir: string; events: Events; inUse: () => ImageUse[] }): Images {
  const context = createImageContext(deps);
  return {
    resolve: context.resolve,
    list: () => context.store.all().map(context.withDirectories),
    hold: context.hold,
    add: (image) => addImage(context, image),
    addDigest: (imageId, manifest) => addDigest(context, imageId, manifest),
    manifest: context.manifestOf,
    load: (input, options) => load(context, input, options),
    import: (input, options) => importImage(context, input, options),
    tag: (reference, name) => tag(context, reference, name),
    remove: (reference, options) => remove(context, reference, options),
    save: (names) => save(context, names),
    prune: async (filters) => {
      checkFilters(filters, 'prune');
      return prune(context, filters);
    },
    summaries({ filters, all, sharedSize, manifests }) {
      const shared = sharedSize ? sharedSizes(context, listImages(context, {}, { all })) : null;
      return listImages(context, filters, { all }).map((image) => summary(context, image, { shared, manifests }));
    },
    inspect: (reference, options) => inspect(context, context.resolve(reference), options),
    history: (reference) => history(context, context.resolve(reference)),
    totalBytes: context.unused.totalBytes,
    fsck: (options) => fsck(context, options),
    sweep: context.unused.sweep,
  };
}
