/** Whether registries have something newer than the hosts run: asked every few hours, and when somebody wants to know. */
import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import { registryOf, taggedName } from '../../format/reference.ts';
import type { Agents } from '../agents/agents.ts';
import type { Store } from '../db/store.ts';
import { configHeaders } from '../registries/accounts.ts';
import type { Secrets } from '../secrets.ts';

const everyMs = 6 * 3_600_000;
const tickMs = 60_000;
/** The host leaves out a registry that does not answer, sooner than this. */
const askMs = 120_000;

export interface ImageUpdate {
  image: string;
  containerIds: string[];
  remoteDigest: string;
}

export interface HostUpdates {
  checkedAt: number | null;
  list: ImageUpdate[];
  /** Why nobody could be asked; empty when it went well. */
  problem: string;
}

export interface Updates {
  of(hostId: string): HostUpdates;
  /** Asks now. Two who ask share the work. */
  check(hostId: string): Promise<HostUpdates>;
  stop(): void;
}

const answer = z.array(
  z.object({
    Image: z.string(),
    ContainerIds: z.array(z.string()).nullish(),
    RemoteDigest: z.string(),
  }),
);
const unknown: HostUpdates = { checkedAt: null, list: [], problem: '' };

interface Dependencies {
  store: Store;
  agents: Agents;
  secrets: Secrets;
  now: () => number;
  changed: (hostId: string) => void;
}

export function createUpdates({ store, agents, secrets, now, changed }: Dependencies): Updates {
  const known = new Map<string, HostUpdates>();
  const asking = new Map<string, Promise<HostUpdates>>();

  const ask = async (hostId: string): Promise<HostUpdates> => {
    const tags = store.inventory.images(hostId).flatMap(({ repoTags }) => repoTags);
    const found: HostUpdates = { checkedAt: now(), list: [], problem: '' };
    try {
      const list = await agents.requestJson(hostId, {
        method: 'GET',
        path: '/berth/images/updates',
        headers: configHeaders({ store, secrets }, [...new Set(tags.map(registryOf))]),
        signal: AbortSignal.timeout(askMs),
      });
      found.list = answer.parse(list).map(({ Image, ContainerIds, RemoteDigest }) => ({
        image: taggedName(Image) ?? Image,
        containerIds: ContainerIds ?? [],
        remoteDigest: RemoteDigest,
      }));
    } catch (error) {
      found.problem = error instanceof EngineError ? error.message : 'The host gave no answer that could be read.';
    }
    known.set(hostId, found);
    changed(hostId);
    return found;
  };
  const check = (hostId: string): Promise<HostUpdates> => {
    const begun = asking.get(hostId);
    if (begun) return begun;
    const work = ask(hostId).finally(() => asking.delete(hostId));
    asking.set(hostId, work);
    return work;
  };
  const timer = setInterval(() => {
    for (const { id } of store.hosts.list()) {
      if (!agents.isOnline(id) || now() - (known.get(id)?.checkedAt ?? 0) < everyMs) continue;
      check(id).catch((error: unknown) => console.error(error));
    }
  }, tickMs).unref();

  return {
    of: (hostId) => known.get(hostId) ?? unknown,
    check,
    stop: () => clearInterval(timer),
  };
}
