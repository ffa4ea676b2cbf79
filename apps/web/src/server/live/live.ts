/**
 * Live figures: what agents send goes into a ring per series, to the browsers that watch, and by the clock into the
 * rollups. A browser that reads slowly loses messages, never the server its memory.
 */
import { randomUUID } from 'node:crypto';
import { type LiveMessage, type LivePoint, liveRequest } from '@berth/shared/live/live';
import {
  type ContainerStats,
  containerStatsFields,
  type HostStats,
  hostStatsFields,
  type StatsSample,
} from '@berth/shared/protocol/stats-fields';
import type { WebSocket } from 'ws';
import type { Store } from '../db/store.ts';
import { createRing, type Ring } from './ring.ts';
import { createRollup } from './rollup.ts';

export const liveMessageBytesMax = 4096;
const ringPoints = 600;
const ringMs = 600_000;
const freshMs = 10_000;
const flushMs = 10_000;
/** Samples of this age are on time; a step is closed this long after its end. */
const lateMs = 2_000;
const pruneMs = 600_000;
const topicsMax = 256;
const bufferedBytesMax = 1024 * 1024;
const sessionCheckMs = 30_000;

export interface Live {
  add(hostId: string, sample: StatsSample): void;
  newestMs(hostId: string): number;
  hostStats(hostId: string): HostStats | null;
  containerStats(hostId: string, containerId: string): ContainerStats | null;
  /** Another text after every change of the inventory, and for every start of the dashboard. */
  inventoryVersion(): string;
  inventoryChanged(change: { hostIds: string[]; containerIds: string[] }): void;
  watch(socket: WebSocket, sessionHolds: () => boolean): void;
  forget(hostId: string): void;
  stop(): void;
}

interface Viewer {
  socket: WebSocket;
  topics: Set<string>;
}

interface HostSeries {
  ring: Ring;
  newest: StatsSample | null;
  containers: Map<string, Ring>;
}

export function createLive({ store, now }: { store: Store; now: () => number }): Live {
  const series = new Map<string, HostSeries>();
  const viewers = new Set<Viewer>();
  const rollup = createRollup();
  const startId = randomUUID();
  let inventoryChanges = 0;
  const inventoryVersion = () => `${startId}:${inventoryChanges}`;

  const flush = (beforeMs: number): void => {
    const known = new Set(store.hosts.list().map(({ id }) => id));
    const rows = rollup.take(beforeMs).filter(({ hostId }) => known.has(hostId));
    if (rows.length === 0) return;
    store.rollups.add(rows, () => {
      for (const hostId of new Set(rows.map((row) => row.hostId)))
        store.hosts.setStatsUpTo(hostId, rollup.takenUpTo(hostId, beforeMs));
    });
  };
  const timers = [
    setInterval(() => flush(now() - lateMs), flushMs),
    setInterval(() => {
      store.rollups.prune(now());
      store.events.prune();
      for (const { containers } of series.values())
        for (const [id, ring] of containers) if (ring.newestMs() < now() - ringMs) containers.delete(id);
    }, pruneMs),
  ];
  for (const timer of timers) timer.unref();

  const send = (viewer: Viewer, message: LiveMessage): void => {
    if (viewer.socket.readyState !== viewer.socket.OPEN || viewer.socket.bufferedAmount > bufferedBytesMax) return;
    viewer.socket.send(JSON.stringify(message));
  };
  const publish = (topic: string, message: () => LiveMessage): void => {
    let made: LiveMessage | undefined;
    for (const viewer of viewers) {
      if (!viewer.topics.has(topic)) continue;
      made ??= message();
      send(viewer, made);
    }
  };
  const fresh = (hostId: string): StatsSample | null => {
    const newest = series.get(hostId)?.newest;
    return newest && newest.timeMs > now() - freshMs ? newest : null;
  };
  const statsMessage = (hostIds: Iterable<string>): LiveMessage => {
    const samples = [...hostIds].flatMap((hostId) => {
      const sample = fresh(hostId);
      return sample ? [{ hostId, sample }] : [];
    });
    return {
      type: 'stats',
      containers: samples.flatMap(({ hostId, sample }) =>
        sample.containers.map(({ id, stats }) => ({ hostId, containerId: id, stats })),
      ),
      hosts: samples.map(({ hostId, sample }) => ({ hostId, stats: sample.host })),
    };
  };
  const snapshot = (viewer: Viewer, topic: string): void => {
    const [kind, rest = ''] = topic.split(':');
    if (kind === 'inventory')
      send(viewer, { type: 'inventory', version: inventoryVersion(), hostIds: [], containerIds: [] });
    if (kind === 'stats') send(viewer, statsMessage(series.keys()));
    if (kind === 'host') {
      const points = toPoints<HostStats>(series.get(rest)?.ring, hostStatsFields, now() - ringMs);
      send(viewer, { type: 'host', hostId: rest, points });
    }
    if (kind === 'container') {
      const [hostId = '', containerId = ''] = rest.split('/');
      const ring = series.get(hostId)?.containers.get(containerId);
      const points = toPoints<ContainerStats>(ring, containerStatsFields, now() - ringMs);
      send(viewer, { type: 'container', hostId, containerId, points });
    }
  };

  return {
    add(hostId, sample) {
      const host = series.get(hostId) ?? {
        ring: createRing(hostStatsFields.length, ringPoints),
        newest: null,
        containers: new Map(),
      };
      series.set(hostId, host);
      rollup.add(hostId, sample);
      host.ring.push(
        sample.timeMs,
        hostStatsFields.map((field) => sample.host[field]),
      );
      for (const { id, stats } of sample.containers) {
        const ring = host.containers.get(id) ?? createRing(containerStatsFields.length, ringPoints);
        host.containers.set(id, ring);
        ring.push(
          sample.timeMs,
          containerStatsFields.map((field) => stats[field]),
        );
      }
      if (host.newest && sample.timeMs < host.newest.timeMs) return;
      host.newest = sample;
      const { timeMs } = sample;
      publish(`host:${hostId}`, () => ({ type: 'host', hostId, points: [{ timeMs, ...sample.host }] }));
      for (const { id, stats } of sample.containers)
        publish(`container:${hostId}/${id}`, () => ({
          type: 'container',
          hostId,
          containerId: id,
          points: [{ timeMs, ...stats }],
        }));
      if (fresh(hostId)) publish('stats', () => statsMessage([hostId]));
    },
    newestMs: (hostId) => series.get(hostId)?.ring.newestMs() ?? 0,
    hostStats: (hostId) => fresh(hostId)?.host ?? null,
    containerStats: (hostId, containerId) =>
      fresh(hostId)?.containers.find(({ id }) => id === containerId)?.stats ?? null,
    inventoryVersion,
    inventoryChanged(change) {
      inventoryChanges += 1;
      publish('inventory', () => ({ type: 'inventory', version: inventoryVersion(), ...change }));
    },
    watch(socket, sessionHolds) {
      const viewer: Viewer = { socket, topics: new Set() };
      viewers.add(viewer);
      const check = setInterval(() => {
        if (!sessionHolds()) return socket.close(4401, 'signed out');
        socket.ping();
      }, sessionCheckMs);
      socket.on('close', () => {
        clearInterval(check);
        viewers.delete(viewer);
      });
      socket.on('error', () => socket.terminate());
      socket.on('message', (data, isBinary) => {
        const request = isBinary ? null : readRequest(String(data));
        if (!request) return socket.close(4400, 'malformed');
        if (request.type === 'unsubscribe') return void viewer.topics.delete(request.topic);
        if (viewer.topics.size >= topicsMax && !viewer.topics.has(request.topic))
          return send(viewer, { type: 'error', topic: request.topic, message: 'Too many subscriptions.' });
        viewer.topics.add(request.topic);
        snapshot(viewer, request.topic);
      });
    },
    forget: (hostId) => void series.delete(hostId),
    stop() {
      for (const timer of timers) clearInterval(timer);
      for (const { socket } of viewers) socket.close(1001, 'the dashboard stops');
      flush(Number.POSITIVE_INFINITY);
    },
  };
}

function readRequest(text: string) {
  try {
    return liveRequest.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** The fields are exactly the keys of T: both come from stats-fields.ts. */
function toPoints<T>(ring: Ring | undefined, fields: readonly (keyof T & string)[], afterMs: number): LivePoint<T>[] {
  const points = ring?.points(afterMs) ?? [];
  return points.map(({ timeMs, values }) => ({
    timeMs,
    ...(Object.fromEntries(fields.map((field, index) => [field, values[index] ?? 0])) as T),
  }));
}
