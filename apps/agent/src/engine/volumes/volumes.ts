/** Named volumes: directories of the data directory with a record each, or what their driver options name. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { removeTree, treeSize } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import type { Database } from '../database.ts';
import type { Events } from '../events.ts';
import { createContents, type VolumeContents } from './contents.ts';
import { createMounts, type VolumeMounts } from './mounted.ts';
import { type Backing, readBacking } from './options.ts';
import { createPlaces } from './places.ts';
import { createVolumeStore, type VolumeRecord } from './store.ts';
import { sweepVolumes } from './sweep.ts';

/** Docker's own mark of a volume that nobody named. */
const anonymousLabel = 'com.docker.volume.anonymous';

export interface Volume extends VolumeRecord {
  mountpoint: string;
}

export interface NewVolume {
  name?: string | undefined;
  labels: Record<string, string>;
  options?: Record<string, string>;
  anonymous?: boolean;
}

export interface Volumes {
  /** Name and place of a volume that may not be there yet; without a name, of an anonymous one. @throws invalid-parameter */
  plan(name?: string): VolumePlan;
  /** What a volume is or, where there is none, would be with these options. @throws invalid-parameter, conflict */
  backing(name: string, options?: Record<string, string>): Backing;
  /** Makes it, or gives the one that is there. @throws invalid-parameter, not-implemented, conflict for other options */
  create(options: NewVolume): Volume;
  list(): Volume[];
  /** @throws not-found */
  get(name: string): Volume;
  /** @throws not-found, conflict while a container uses it */
  remove(name: string): Promise<void>;
  /** Those that no container uses and that `chosen` says. */
  prune(chosen: (volume: Volume) => boolean): Promise<{ names: string[]; bytes: number }>;
  isUsed(name: string): boolean;
  /** For `system df`. */
  usage(name: string): Promise<{ sizeBytes: number; refCount: number }>;
  mounts: VolumeMounts;
  contents: VolumeContents;
  /** They go with the next start, unless a container has them by then, or `settle` is called before. */
  doom(names: string[]): void;
  /** Of those that are doomed: what no container has is removed, the others stay. */
  settle(names?: string[]): Promise<void>;
  /** At start, before anything else of them is asked. */
  sweep(): Promise<void>;
}

export interface VolumePlan {
  name: string;
  mountpoint: string;
  anonymous: boolean;
}

export function createVolumes(deps: {
  db: Database;
  dataDir: string;
  events: Events;
  users: (name: string) => string[];
}): Volumes {
  const { events } = deps;
  const store = createVolumeStore(deps.db);
  const places = createPlaces(deps.dataDir);
  const mounts = createMounts(events);
  const complete = (record: VolumeRecord): Volume => ({ ...record, mountpoint: places.data(record.name) });

  function get(name: string): Volume {
    const record = store.get(name);
    if (record === null) throw new EngineError('not-found', `get ${name}: no such volume`);
    return complete(record);
  }

  function plan(name?: string): VolumePlan {
    const anonymous = name === undefined || name === '';
    const actual = anonymous ? randomBytes(32).toString('hex') : name;
    if (/^[a-zA-Z0-9]$/.test(actual)) {
      const message = `create ${actual}: volume name is too short, names should be at least two alphanumeric characters`;
      throw new EngineError('invalid-parameter', message);
    }
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(actual)) {
      throw new EngineError(
        'invalid-parameter',
        `create ${actual}: "${actual}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
      );
    }
    return { name: actual, mountpoint: places.data(actual), anonymous };
  }

  function backing(name: string, options: Record<string, string> = {}): Backing {
    const asked = readBacking(name, options);
    const existing = store.get(name);
    if (existing === null) return asked;
    if (Object.keys(options).length > 0 && !isSame(options, existing.options)) {
      const message = `create ${name}: driver 'local' already has volume '${name}' with other options: volume name must be unique`;
      throw new EngineError('conflict', message);
    }
    return existing.backing;
  }

  /** Its record goes with its name; its files may take longer. */
  async function take(name: string): Promise<void> {
    const doomed = path.join(places.staging, `volume-${randomBytes(12).toString('hex')}`);
    store.markGoing(name);
    // It may be gone already: we died in the middle.
    if (existsSync(places.directory(name))) renameSync(places.directory(name), doomed);
    store.remove(name);
    events.append({ type: 'volume', action: 'destroy', actorId: name, attributes: { driver: 'local' } });
    await removeTree(doomed);
  }

  const sizeBytes = async (name: string) => (await treeSize(places.data(name))).bytes;

  return {
    get,
    plan,
    backing,
    mounts,
    contents: createContents({ places, get, mounts }),
    list: () => store.all().map(complete),
    isUsed: (name) => deps.users(name).length > 0,
    usage: async (name) => ({ sizeBytes: await sizeBytes(name), refCount: deps.users(name).length }),

    create({ name, labels, options = {}, anonymous }) {
      const planned = plan(name);
      backing(planned.name, options);
      const existing = store.get(planned.name);
      if (existing !== null) return complete(existing);
      const isAnonymous = anonymous ?? planned.anonymous;
      // The directory first: without a record it is nobody's, and empty.
      places.make(planned.name);
      store.add({
        name: planned.name,
        labels: isAnonymous ? { [anonymousLabel]: '', ...labels } : labels,
        options,
        createdAt: new Date().toISOString(),
        anonymous: isAnonymous,
      });
      events.append({ type: 'volume', action: 'create', actorId: planned.name, attributes: { driver: 'local' } });
      return get(planned.name);
    },

    async remove(name) {
      get(name);
      const users = deps.users(name);
      if (users.length > 0)
        throw new EngineError('conflict', `remove ${name}: volume is in use - [${users.join(', ')}]`);
      await take(name);
    },

    async prune(chosen) {
      const names: string[] = [];
      let bytes = 0;
      for (const volume of store.all().map(complete).filter(chosen)) {
        const size = await sizeBytes(volume.name);
        // A container may have come meanwhile, or somebody else have removed it.
        if (deps.users(volume.name).length > 0 || store.get(volume.name) === null) continue;
        await take(volume.name);
        names.push(volume.name);
        bytes += size;
      }
      events.append({ type: 'volume', action: 'prune', actorId: '', attributes: { reclaimed: String(bytes) } });
      return { names, bytes };
    },

    doom: (names) => names.forEach((name) => void store.markGoing(name)),

    async settle(names = store.going()) {
      for (const name of names) {
        if (deps.users(name).length > 0) store.unmarkGoing(name);
        else if (store.get(name) === null) store.remove(name);
        else await take(name);
      }
    },

    sweep: () =>
      sweepVolumes(places, store, () => {
        const orphans = path.join(deps.dataDir, 'orphaned-volumes');
        mkdirSync(orphans, { recursive: true, mode: 0o700 });
        return orphans;
      }),
  };
}

function isSame(a: Record<string, string>, b: Record<string, string>): boolean {
  const sorted = (one: Record<string, string>) => JSON.stringify(Object.entries(one).sort());
  return sorted(a) === sorted(b);
}
