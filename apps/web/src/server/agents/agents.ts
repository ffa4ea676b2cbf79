/** All hosts: who is connected, requests to them, and what they send into the store and the live figures. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { EngineError } from '@berth/shared/errors';
import { closeCodes } from '@berth/shared/protocol/control';
import type { WebSocket } from 'ws';
import type { Store } from '../db/store.ts';
import type { Live } from '../live/live.ts';
import { type EngineRequest, requestEngine, requestEngineJson, upgradeEngine } from './engine.ts';
import { createHostInventory, type HostInventory } from './inventory.ts';
import { acceptLink, type Link, type LinkEvents } from './link.ts';
import { createTunnels, type Tunnels } from './tunnels.ts';

const lastSeenEveryMs = 60_000;
const requestMs = 60_000;
const closeWithinMs = 1_000;

export interface Agents {
  accept(socket: WebSocket): void;
  acceptTunnel(id: string, secret: string, upgrade: () => Promise<WebSocket>): boolean;
  isOnline(hostId: string): boolean;
  /** @throws EngineError, kind unavailable when the host is offline */
  request(hostId: string, request: EngineRequest): Promise<IncomingMessage>;
  requestJson(hostId: string, request: EngineRequest): Promise<unknown>;
  upgrade(hostId: string, request: Pick<EngineRequest, 'path' | 'query' | 'body' | 'signal'>): Promise<Duplex>;
  /** Stores a container, the images or the volumes as they are now, so that the next page shows what was just done. */
  refreshContainer(hostId: string, containerId: string): Promise<void>;
  refreshImages(hostId: string): Promise<void>;
  refreshVolumes(hostId: string): Promise<void>;
  /** The host is no longer ours: its link ends and its key is refused. */
  dismiss(hostId: string): void;
  /** Ends every link, and resolves when nothing is under way that would touch the store. */
  stop(): Promise<void>;
}

interface Connected {
  link: Link;
  tunnels: Tunnels;
  inventory: HostInventory;
}

interface Dependencies {
  store: Store;
  live: Live;
  heartbeatMs: number;
  now: () => number;
}

export function createAgents({ store, live, heartbeatMs, now }: Dependencies): Agents {
  const sockets = new Set<WebSocket>();
  const connected = new Map<string, Connected>();
  const ending = new Set<Promise<void>>();
  let isStopping = false;
  const of = (hostId: string): Connected => {
    const entry = connected.get(hostId);
    if (!entry) throw new EngineError('unavailable', `${store.hosts.get(hostId)?.name ?? 'The host'} is offline.`);
    return entry;
  };
  const ofLink = (link: Link): Connected | undefined => {
    const entry = connected.get(link.hostId);
    return entry?.link === link ? entry : undefined;
  };

  const events: LinkEvents = {
    opened(link) {
      const { hostId } = link;
      const tunnels = createTunnels(link.send);
      const inventory = createHostInventory({
        hostId,
        store,
        now,
        request: (request) => requestEngineJson(tunnels.agent, { signal: AbortSignal.timeout(requestMs), ...request }),
        changed: (containerIds) => live.inventoryChanged({ hostIds: [hostId], containerIds }),
      });
      connected.set(hostId, { link, tunnels, inventory });
      store.hosts.setLastSeen(hostId, now());
      // After the welcome, which the caller sends first.
      setImmediate(() => ofLink(link)?.inventory.refreshAll());
      live.inventoryChanged({ hostIds: [hostId], containerIds: [] });
      return {
        resumeEventsAfter: store.events.lastSeq(hostId),
        resumeStatsAfterMs: Math.max(live.newestMs(hostId), store.hosts.get(hostId)?.statsUpToMs ?? 0),
      };
    },
    closed(link) {
      const entry = ofLink(link);
      if (!entry) return;
      connected.delete(link.hostId);
      entry.tunnels.close();
      const ended = entry.inventory.stop().finally(() => ending.delete(ended));
      ending.add(ended);
      store.hosts.setLastSeen(link.hostId, now());
      live.inventoryChanged({ hostIds: [link.hostId], containerIds: [] });
    },
    facts(link, facts) {
      store.hosts.setFacts(link.hostId, facts);
      live.inventoryChanged({ hostIds: [link.hostId], containerIds: [] });
    },
    events(link, list) {
      store.events.append(link.hostId, list);
      ofLink(link)?.inventory.apply(list);
    },
    eventsGap: (link) => ofLink(link)?.inventory.refreshAll(),
    stats: (link, sample) => live.add(link.hostId, sample),
    tunnelFailed: (link, id, message) => ofLink(link)?.tunnels.failed(id, message),
  };
  const seen = setInterval(() => {
    for (const hostId of connected.keys()) store.hosts.setLastSeen(hostId, now());
  }, lastSeenEveryMs).unref();

  return {
    accept(socket) {
      if (isStopping) return socket.terminate();
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      acceptLink({
        ...events,
        socket,
        hosts: store.hosts,
        heartbeatMs,
        now,
        openLink: (hostId) => connected.get(hostId)?.link,
      });
    },
    acceptTunnel(id, secret, upgrade) {
      return [...connected.values()].some(({ tunnels }) => tunnels.accept(id, secret, upgrade));
    },
    isOnline: (hostId) => connected.has(hostId),
    // In async functions, so that an offline host is a rejection and not a throw.
    request: async (hostId, request) => await requestEngine(of(hostId).tunnels.agent, request),
    requestJson: async (hostId, request) =>
      await requestEngineJson(of(hostId).tunnels.agent, { signal: AbortSignal.timeout(requestMs), ...request }),
    upgrade: async (hostId, request) => await upgradeEngine(of(hostId).tunnels.agent, request),
    refreshContainer: async (hostId, containerId) => await of(hostId).inventory.refreshContainer(containerId),
    refreshImages: async (hostId) => await of(hostId).inventory.refreshImages(),
    refreshVolumes: async (hostId) => await of(hostId).inventory.refreshVolumes(),
    dismiss(hostId) {
      connected.get(hostId)?.link.close(closeCodes.unauthorized, 'this host was removed');
    },
    async stop() {
      isStopping = true;
      clearInterval(seen);
      const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of sockets) closeSoon(socket);
      await Promise.all(closed);
      await Promise.all(ending);
    },
  };
}

/** A peer that does not take part in the closing handshake is cut off. */
function closeSoon(socket: WebSocket): void {
  socket.close(closeCodes.goingAway, 'the dashboard stops');
  const cut = setTimeout(() => socket.terminate(), closeWithinMs);
  socket.once('close', () => clearTimeout(cut));
}
