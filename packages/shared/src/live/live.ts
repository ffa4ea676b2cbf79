/**
 * The browser's WebSocket, `/live` (session cookie, Origin checked). JSON text both ways.
 * The browser subscribes to topics; the server sends a snapshot first, then what changes.
 */
import { z } from 'zod';
import type { ContainerStats, HostStats } from '../protocol/stats-fields.ts';

/** Topics: `inventory` (hosts and containers changed), `host:<hostId>` and `container:<hostId>/<containerId>` (stats). `stats` : every container's newest sample, for lists. */
export const liveTopic = z
  .string()
  .max(160)
  .regex(/^(inventory|stats|host:[\w-]+|container:[\w-]+\/[0-9a-f]{64})$/);
export const liveRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('subscribe'), topic: liveTopic }),
  z.object({ type: z.literal('unsubscribe'), topic: liveTopic }),
]);
export type LiveRequest = z.infer<typeof liveRequest>;

export type LivePoint<T> = { timeMs: number } & T;

export type LiveMessage =
  /**
   * The inventory has this version, and these resources changed since the message before. A browser whose page was
   * made of another version renews the route's server data (router.refresh, debounced).
   */
  | { type: 'inventory'; version: string; hostIds: string[]; containerIds: string[] }
  | { type: 'host'; hostId: string; points: LivePoint<HostStats>[] }
  | { type: 'container'; hostId: string; containerId: string; points: LivePoint<ContainerStats>[] }
  | {
      type: 'stats';
      containers: { hostId: string; containerId: string; stats: ContainerStats }[];
      hosts: { hostId: string; stats: HostStats }[];
    }
  | { type: 'error'; topic: string; message: string };
