/** What the verbs share: records and paths, one change of a container at a time, and who waits for its end. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '@berth/shared/errors';
import type { Events } from '../events.ts';
import type { Images } from '../images/images.ts';
import type { Networks } from '../networks/networks.ts';
import type { Launcher } from '../runtime/launch.ts';
import type { McsPairs } from '../runtime/mcs.ts';
import type { SeccompProfile } from '../runtime/seccomp-profile.ts';
import type { Selinux } from '../runtime/selinux.ts';
import { SupervisorConnection, SupervisorError } from '../runtime/supervisor.ts';
import type { Volumes } from '../volumes/volumes.ts';
import type { ContainerRecord, ContainerStore } from './store.ts';

export interface SampleSources {
  add(id: string, source: { cgroups: Record<string, string>; hostInterface?: string }): void;
  remove(id: string): void;
}

export interface Dependencies {
  store: ContainerStore;
  images: Images;
  volumes: Volumes;
  networks: Networks;
  events: Events;
  launcher: Launcher;
  samples: SampleSources;
  profile: SeccompProfile;
  /** That containers get unless they ask for another; null where there is none. */
  appArmorProfile: string | null;
  /** Null where it is not active. */
  selinux: Selinux | null;
  mcsPairs: McsPairs;
  dataDir: string;
  runDir: string;
  cgroupParent: string;
  /** Of the API, which is the agent itself. */
  socketPath: string;
  canUserNamespace: boolean;
  /** By Landlock: abstract sockets of the host from containers on its network. */
  canFenceSockets: boolean;
  /** CAP_SYS_RESOURCE. */
  canLowerOomScore: boolean;
}

export type Context = ReturnType<typeof createContext>;

export function createContext(deps: Dependencies) {
  const locks = new Map<string, Promise<unknown>>();
  return {
    ...deps,
    /** The agent's own, below which a container goes only when asked. */
    oomScoreAdj: Number(readFileSync('/proc/self/oom_score_adj', 'utf8')),
    /** The connection that watches a running container, by id. */
    watched: new Map<string, SupervisorConnection>(),
    exits: createWaiters<number>(),
    removals: createWaiters<number>(),
    isStopping: false,
    /** By id: their end is half of a restart, after which even --rm does not remove them. */
    restarted: new Set<string>(),

    find: (reference: string) => deps.store.find(reference),
    stateDir: (id: string) => path.join(deps.dataDir, 'containers', id),
    runDirOf: (id: string) => path.join(deps.runDir, 'containers', id),
    logPath: (id: string) => path.join(deps.dataDir, 'containers', id, `${id}-json.log`),
    layer: (id: string) => ({
      upper: path.join(deps.dataDir, 'containers', id, 'layer/upper'),
      work: path.join(deps.dataDir, 'containers', id, 'layer/work'),
    }),

    /** One change of a container's state at a time. */
    locked<T>(id: string, work: () => Promise<T>): Promise<T> {
      const before = locks.get(id) ?? Promise.resolve();
      const result = before.then(work, work);
      const settled = result.catch(() => undefined);
      locks.set(id, settled);
      settled.finally(() => {
        if (locks.get(id) === settled) locks.delete(id);
      });
      return result;
    },

    emit(record: ContainerRecord, action: string, extra: Record<string, string> = {}): void {
      deps.events.append({
        type: 'container',
        action,
        actorId: record.id,
        attributes: { ...record.config.Labels, image: record.image, name: record.name, ...extra },
      });
    },

    /** @throws conflict when no supervisor answers */
    async connect(record: ContainerRecord): Promise<SupervisorConnection> {
      try {
        return await SupervisorConnection.connect(path.join(deps.runDir, 'containers', record.id));
      } catch (cause) {
        throw new EngineError('conflict', `container ${record.id} is not running`, { cause });
      }
    },

    /** One request on a connection of its own. */
    async ask(record: ContainerRecord, type: number, body: object = {}): Promise<Record<string, unknown>> {
      const supervisor = await this.connect(record);
      try {
        return await supervisor.request(type, body);
      } catch (error) {
        throw error instanceof SupervisorError ? new EngineError('system', error.message, { cause: error }) : error;
      } finally {
        supervisor.close();
      }
    },
  };
}

export const now = () => new Date().toISOString();

/** Promises of one value by key: all that wait for a key get it at once. */
function createWaiters<T>() {
  const waiting = new Map<string, Set<(value: T) => void>>();
  return {
    wait: (key: string) =>
      new Promise<T>((resolve) => {
        const set = waiting.get(key) ?? new Set();
        waiting.set(key, set.add(resolve));
      }),
    notify(key: string, value: T): void {
      const set = waiting.get(key);
      waiting.delete(key);
      for (const resolve of set ?? []) resolve(value);
    },
  };
}
