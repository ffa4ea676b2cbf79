/** Container records. What the kernel knows (is it running) is asked; what was decided is here. */
import { type CreateContainerBody, type HostConfig, hostConfig } from '@berth/shared/docker/container';
import type { Weakening } from '@berth/shared/docker/weakening';
import { EngineError } from '@berth/shared/errors';
import type { Database } from '../database.ts';
import type { Labels } from '../runtime/selinux.ts';
import { freeSlot, type IdRange } from '../runtime/uid-ranges.ts';

export const containersSchema = `
CREATE TABLE IF NOT EXISTS containers (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, uid_slot INTEGER UNIQUE, record TEXT NOT NULL
);`;

export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface ContainerMount {
  type: 'bind' | 'volume' | 'tmpfs';
  /** Volume name. */
  name: string | null;
  /** On the host; empty for tmpfs. */
  source: string;
  destination: string;
  readOnly: boolean;
  /** tmpfs options, or propagation of a bind. */
  options: string[];
  /** A bind: with what is mounted below it, and that read-only as well. True where nothing is said. */
  recursive?: boolean;
  recursiveReadOnly?: boolean;
  /** Of a volume: the part of it that is mounted, resolved inside it at each start. */
  subpath?: string;
  /** To be given a label that this container alone may reach (`Z`), or all of them (`z`). */
  relabel?: 'private' | 'shared' | null;
}

export interface ContainerRecord {
  id: string;
  name: string;
  createdAt: string;
  /** As the user named it. */
  image: string;
  imageId: string;
  config: Omit<CreateContainerBody, 'HostConfig' | 'NetworkingConfig'>;
  hostConfig: HostConfig;
  /** Final program and arguments. */
  args: string[];
  mounts: ContainerMount[];
  /** Anonymous volumes made for it, removed with `rm -v` and `--rm`. */
  anonymousVolumes: string[];
  /** Its user namespace is host ids uidBase … uidBase+65535; null: the host's ids. */
  uidSlot: number | null;
  /** The range of the container whose user namespace it joins, as of its last start. */
  joinedUidSlot?: number | null;
  /** That limits its writable layer, by number; null: nothing does. */
  project: number | null;
  /** SELinux labels; null where the host has none. */
  selinux?: Labels | null;
  /** How it is less isolated than by default, as it was last made. */
  weakenings: Weakening[];
  status: ContainerStatus;
  pid: number;
  pidfsInode: string;
  cgroups: Record<string, string>;
  exitCode: number;
  oomKilled: boolean;
  /** Since the start. */
  oomKills?: number;
  error: string;
  startedAt: string;
  finishedAt: string;
  restartCount: number;
  /** A person stopped it: unless-stopped and always leave it alone until it is started again. */
  stoppedByUser: boolean;
}

/** Projects of quotas below this are other people's. */
const firstProject = 1_073_741_824;

export const never = '0001-01-01T00:00:00Z';

export interface ContainerStore {
  all(): ContainerRecord[];
  get(id: string): ContainerRecord | null;
  /** By id, name or unique prefix of an id. @throws not-found */
  find(reference: string): ContainerRecord;
  /** @throws conflict when the name is taken */
  refuseTaken(name: string): void;
  /** @throws conflict when the name is taken */
  add(record: ContainerRecord): void;
  save(record: ContainerRecord): void;
  /** @throws conflict */
  rename(record: ContainerRecord, name: string): void;
  remove(id: string): void;
  freeUidSlot(): number;
  freeProject(): number;
}

/** `avoided`: ranges of ids that the host has given to others. */
export function createContainerStore(db: Database, avoided: () => IdRange[]): ContainerStore {
  const cache = new Map<string, ContainerRecord>();
  for (const row of db.prepare<[], { record: string }>('SELECT record FROM containers').all()) {
    const record: ContainerRecord = { weakenings: [], project: null, ...JSON.parse(row.record) };
    // One of an older agent lacks what was added since.
    record.hostConfig = hostConfig.safeParse(record.hostConfig).data ?? record.hostConfig;
    cache.set(record.id, record);
  }
  const insert = db.prepare('INSERT INTO containers (id, name, uid_slot, record) VALUES (?, ?, ?, ?)');
  const update = db.prepare('UPDATE containers SET name = ?, record = ? WHERE id = ?');
  const erase = db.prepare('DELETE FROM containers WHERE id = ?');
  const byName = (name: string) => [...cache.values()].find((record) => record.name === name);

  function refuseTaken(name: string): void {
    const taken = byName(name);
    if (taken !== undefined) {
      throw new EngineError(
        'conflict',
        `Conflict. The container name "/${name}" is already in use by container "${taken.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      );
    }
  }

  return {
    refuseTaken,
    all: () => [...cache.values()],
    get: (id) => cache.get(id) ?? null,
    find(reference) {
      const name = reference.replace(/^\//, '');
      const found = cache.get(name) ?? byName(name);
      if (found !== undefined) return found;
      const matching = /^[0-9a-f]+$/.test(name) ? [...cache.values()].filter((one) => one.id.startsWith(name)) : [];
      if (matching.length > 1) {
        throw new EngineError('invalid-parameter', `Multiple IDs found with provided prefix: ${reference}`);
      }
      if (matching[0] === undefined) throw new EngineError('not-found', `No such container: ${reference}`);
      return matching[0];
    },
    add(record) {
      refuseTaken(record.name);
      insert.run(record.id, record.name, record.uidSlot, JSON.stringify(record));
      cache.set(record.id, record);
    },
    save(record) {
      update.run(record.name, JSON.stringify(record), record.id);
    },
    rename(record, name) {
      if (record.name === name) return;
      refuseTaken(name);
      const renamed = { ...record, name };
      update.run(name, JSON.stringify(renamed), record.id);
      record.name = name;
    },
    remove(id) {
      erase.run(id);
      cache.delete(id);
    },
    freeProject() {
      const taken = new Set([...cache.values()].map((record) => record.project));
      let project = firstProject;
      while (taken.has(project)) project++;
      return project;
    },
    freeUidSlot() {
      const slots = [...cache.values()].map((record) => record.uidSlot).filter((slot) => slot !== null);
      return freeSlot(new Set(slots), avoided());
    },
  };
}

/** What images are needed for. */
export function imageUses(store: ContainerStore) {
  return store.all().map((one) => ({
    containerId: one.id,
    name: one.name,
    imageId: one.imageId,
    running: one.status === 'running' || one.status === 'paused',
  }));
}
