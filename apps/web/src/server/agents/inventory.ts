/**
 * Brings the stored inventory of a connected host to what the host has: everything after the link opened, then what
 * events name. Fetches are gathered for a moment, so that a burst of events is one fetch a container.
 */

import { EngineError } from '@berth/shared/errors';
import type { EngineEvent } from '@berth/shared/protocol/control';
import { z } from 'zod';
import type { Store } from '../db/store.ts';
import type { EngineRequest } from './engine.ts';

const gatherMs = 100;
const retryMs = 3_000;
const inspectsAtOnce = 4;

const containerList = z.array(z.object({ Id: z.string().regex(/^[0-9a-f]{64}$/) }));
const containerInspect = z.looseObject({ Id: z.string(), Name: z.string() });
const imageList = z.array(
  z.object({
    Id: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    RepoDigests: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
    Size: z.number(),
    SharedSize: z.number().nullish(),
    Created: z.number(),
  }),
);
const volumeList = z.object({
  Volumes: z
    .array(
      z.object({
        Name: z.string(),
        Driver: z.string(),
        Mountpoint: z.string().catch(''),
        CreatedAt: z.string().catch(''),
        Labels: z.record(z.string(), z.string()).nullish(),
        Options: z.record(z.string(), z.string()).nullish(),
      }),
    )
    .nullish(),
});
/** Of what these do nothing is kept. */
const silentActions = /^(exec_|attach|detach|top|resize|archive-path|extract-to-dir|export|copy)/;

export interface HostInventory {
  /** Everything anew. */
  refreshAll(): void;
  apply(events: readonly EngineEvent[]): void;
  /** Resolves when the container, as it is now, is stored. */
  refreshContainer(id: string): Promise<void>;
  refreshImages(): Promise<void>;
  refreshVolumes(): Promise<void>;
  /** Resolves when what was under way is done; nothing is stored afterwards. */
  stop(): Promise<void>;
}

interface Dependencies {
  hostId: string;
  store: Pick<Store, 'inventory' | 'volumes'>;
  request: (request: EngineRequest) => Promise<unknown>;
  changed: (containerIds: string[]) => void;
  now: () => number;
}

export function createHostInventory({ hostId, store, request, changed, now }: Dependencies): HostInventory {
  const dirty = new Set<string>();
  let all = false;
  let images = false;
  let volumes = false;
  let running: Promise<void> | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const schedule = (afterMs: number): void => {
    if (stopped || running || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      running = work().then((afterwardsMs) => {
        running = undefined;
        if (all || images || volumes || dirty.size > 0) schedule(afterwardsMs);
      });
    }, afterMs).unref();
  };

  /** @returns how long to wait before what is left. */
  const work = async (): Promise<number> => {
    const todo = { all, images: images || all, volumes: volumes || all, ids: [...dirty] };
    all = false;
    images = false;
    volumes = false;
    dirty.clear();
    try {
      const ids = todo.all ? await fetchList() : todo.ids;
      await inBatches(ids, fetchContainer);
      if (todo.images) await fetchImages();
      if (todo.volumes) await fetchVolumes();
      if (!stopped) changed(ids);
      return gatherMs;
    } catch {
      // The link may be breaking; if it holds, the same is tried again.
      all ||= todo.all;
      images ||= todo.images;
      volumes ||= todo.volumes;
      for (const id of todo.ids) dirty.add(id);
      return retryMs;
    }
  };

  const fetchList = async (): Promise<string[]> => {
    const answer = await request({ method: 'GET', path: '/containers/json', query: { all: true } });
    const ids = containerList.parse(answer).map(({ Id }) => Id);
    if (stopped) return [];
    const gone = store.inventory.keepContainers(hostId, ids);
    if (gone.length > 0) changed(gone);
    return ids;
  };
  const fetchContainer = async (id: string): Promise<void> => {
    try {
      const answer = await request({ method: 'GET', path: `/containers/${id}/json` });
      const inspect = containerInspect.parse(answer);
      if (stopped) return;
      store.inventory.putContainer({ hostId, id, name: inspect.Name.replace(/^\//, ''), inspect, fetchedAt: now() });
    } catch (error) {
      if (!(error instanceof EngineError && error.kind === 'not-found')) throw error;
      if (!stopped) store.inventory.removeContainer(hostId, id);
    }
  };
  const fetchImages = async (): Promise<void> => {
    const query = { 'shared-size': true };
    const list = imageList.parse(await request({ method: 'GET', path: '/images/json', query }));
    if (stopped) return;
    store.inventory.replaceImages(
      hostId,
      list.map(({ Id, RepoTags, RepoDigests, Labels, Size, SharedSize, Created }) => ({
        id: Id,
        repoTags: (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
        repoDigests: (RepoDigests ?? []).filter((digest) => digest !== '<none>@<none>'),
        labels: Labels ?? {},
        sizeBytes: Size,
        sharedBytes: SharedSize ?? -1,
        createdAt: Created * 1000,
      })),
    );
  };
  const fetchVolumes = async (): Promise<void> => {
    const { Volumes } = volumeList.parse(await request({ method: 'GET', path: '/volumes' }));
    if (stopped) return;
    store.volumes.replace(
      hostId,
      (Volumes ?? []).map(({ Name, Driver, Mountpoint, CreatedAt, Labels, Options }) => ({
        name: Name,
        driver: Driver,
        mountpoint: Mountpoint,
        labels: Labels ?? {},
        options: Options ?? {},
        createdAt: Date.parse(CreatedAt) || 0,
      })),
    );
  };

  return {
    refreshAll() {
      all = true;
      schedule(0);
    },
    apply(events) {
      for (const { type, action, actorId } of events) {
        if (type === 'image') images = true;
        if (type === 'volume' && (action === 'create' || action === 'destroy' || action === 'prune')) volumes = true;
        if (type === 'container' && /^[0-9a-f]{64}$/.test(actorId) && !silentActions.test(action)) dirty.add(actorId);
      }
      if (images || volumes || dirty.size > 0) schedule(gatherMs);
    },
    async refreshContainer(id) {
      await fetchContainer(id);
      changed([id]);
    },
    async refreshImages() {
      await fetchImages();
      changed([]);
    },
    async refreshVolumes() {
      await fetchVolumes();
      changed([]);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

async function inBatches(ids: readonly string[], work: (id: string) => Promise<void>): Promise<void> {
  const waiting = [...ids];
  const worker = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await work(id);
  };
  await Promise.all(Array.from({ length: inspectsAtOnce }, worker));
}
