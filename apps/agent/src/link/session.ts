/**
 * The agent's end of the control WebSocket (docs/protocol.md): dials, proves who it is, sends what the dashboard has not
 * yet seen of events and samples, then everything as it happens; dials again with jittered back-off, for ever.
 */
import type { EventEmitter } from 'node:events';
import {
  closeCodes,
  type EngineEvent,
  type FromAgent,
  type FromServer,
  type HostFacts,
  protocolVersions,
} from '@berth/shared/protocol/control';
import { createStatsEncoder } from '@berth/shared/protocol/stats';
import type { WebSocket } from 'ws';
import { toSample } from '../engine/stats/rates.ts';
import type { Tick } from '../engine/stats/sampler.ts';
import { describeError, log } from '../log.ts';
import { createBacklog } from './backlog.ts';
import { dialControl, readMessage } from './dial.ts';
import { fitEvents } from './fit-events.ts';
import { type Heartbeat, startHeartbeat } from './heartbeat.ts';
import { type Identity, proof, readIdentity } from './identity.ts';
import { createTunnels } from './tunnel.ts';

const delayMinMs = 1_000;
const delayMaxMs = 30_000;
/** After a refusal that waiting does not mend: a person has to do something first. */
const refusedDelayMs = 300_000;
/** How soon a host that is not enrolled yet notices that it is. */
const identityEveryMs = 2_000;
const welcomeWithinMs = 20_000;
const eventsPerMessage = 200;
const bufferedBytesMax = 1024 * 1024;
const factsEveryMs = 300_000;

export interface LinkDependencies {
  /** The Engine API's http.Server: tunnels become its connections. */
  apiServer: Pick<EventEmitter, 'emit'>;
  events: {
    after(seq: number, limit: number): EngineEvent[];
    firstSeq(): number;
    subscribe(listener: (event: EngineEvent) => void): () => void;
  };
  sampler: { subscribe(listener: (tick: Tick) => void): () => void };
  facts(): Promise<HostFacts>;
  dataDir: string;
  random?: () => number;
}

export interface Link {
  start(): void;
  stop(): void;
  isOpen(): boolean;
}

export function createLink({
  apiServer,
  events,
  sampler,
  facts,
  dataDir,
  random = Math.random,
}: LinkDependencies): Link {
  const backlog = createBacklog();
  let connection: Connection | null = null;
  let unsubscribe: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let delayMs = delayMinMs;
  let stopped = true;

  const onTick = (before: { tick: Tick | null }) => (tick: Tick) => {
    backlog.add(toSample(before.tick, tick));
    before.tick = tick;
    connection?.pumpStats();
  };
  const retry = (afterMs: number): void => {
    if (stopped) return;
    clearTimeout(timer);
    timer = setTimeout(() => void attempt(), afterMs);
  };
  const attempt = async (): Promise<void> => {
    try {
      const identity = await readIdentity(dataDir);
      if (stopped) return;
      if (!identity) return retry(identityEveryMs);
      const known = await facts();
      if (stopped) return;
      connection = connect({ identity, known, facts, apiServer, events, backlog, onWelcome, onClose });
    } catch (error) {
      log('error', 'cannot dial the dashboard', { error: describeError(error) });
      retry(delayMaxMs);
    }
  };
  const onWelcome = (url: string): void => {
    delayMs = delayMinMs;
    log('info', 'connected with the dashboard', { url });
  };
  const onClose = (code: number, reason: string): void => {
    connection = null;
    if (stopped) return;
    const isRefused = code === closeCodes.unauthorized || code === closeCodes.version;
    // Half of the delay is chance, so that many agents do not knock at the same moment.
    const afterMs = isRefused ? refusedDelayMs : delayMs * (0.5 + random() / 2);
    delayMs = Math.min(delayMaxMs, delayMs * 2);
    log(isRefused ? 'error' : 'warn', isRefused ? 'the dashboard refused this host' : 'no link with the dashboard', {
      code,
      reason,
      againInMs: Math.round(afterMs),
    });
    retry(afterMs);
  };

  return {
    start() {
      if (!stopped) return;
      stopped = false;
      unsubscribe = sampler.subscribe(onTick({ tick: null }));
      void attempt();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      unsubscribe?.();
      connection?.close();
    },
    isOpen: () => connection?.isOpen() ?? false,
  };
}

interface Connection {
  pumpStats(): void;
  close(): void;
  isOpen(): boolean;
}

interface ConnectionOptions extends Pick<LinkDependencies, 'apiServer' | 'events' | 'facts'> {
  identity: Identity;
  known: HostFacts;
  backlog: ReturnType<typeof createBacklog>;
  onWelcome: (url: string) => void;
  onClose: (code: number, reason: string) => void;
}

function connect(options: ConnectionOptions): Connection {
  const { identity, known, facts, apiServer, events, backlog } = options;
  const socket: WebSocket = dialControl(identity.url);
  const encoder = createStatsEncoder();
  const tunnels = createTunnels({
    apiServer,
    onFailure: (id, message) => send({ type: 'tunnelFailed', id, message }),
  });
  let open = false;
  let failure = '';
  let sentSeq = -1;
  let ackedSeq = -1;
  let sentStatsMs = 0;
  let heartbeat: Heartbeat | undefined;
  let factsTimer: NodeJS.Timeout | undefined;
  let unsubscribe: (() => void) | undefined;
  const welcomeTimer = setTimeout(() => socket.terminate(), welcomeWithinMs);

  const send = (message: FromAgent): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  };
  /** The store is the queue: what cannot be sent now is read again when the dashboard has acknowledged some. */
  const pumpEvents = (): void => {
    if (!open || sentSeq - ackedSeq > eventsPerMessage || socket.bufferedAmount > bufferedBytesMax) return;
    const list = fitEvents(events.after(sentSeq, eventsPerMessage));
    const last = list.at(-1);
    if (!last) return;
    sentSeq = last.seq;
    send({ type: 'events', events: list });
  };
  const pumpStats = (): void => {
    while (open && socket.bufferedAmount < bufferedBytesMax) {
      const sample = backlog.next(sentStatsMs);
      if (!sample) return;
      sentStatsMs = sample.timeMs;
      socket.send(encoder.encode(sample));
    }
  };
  let lastFacts = JSON.stringify(known);
  const sendFacts = async (): Promise<void> => {
    const now = await facts();
    if (JSON.stringify(now) === lastFacts) return;
    lastFacts = JSON.stringify(now);
    send({ type: 'facts', facts: now });
  };

  const welcomed = (message: Extract<FromServer, { type: 'welcome' }>): void => {
    clearTimeout(welcomeTimer);
    open = true;
    sentSeq = message.resumeEventsAfter;
    ackedSeq = sentSeq;
    // A dashboard that is ahead of this clock has no claim on the future.
    sentStatsMs = Math.min(message.resumeStatsAfterMs, Date.now());
    heartbeat = startHeartbeat({
      everyMs: Math.max(100, message.heartbeatMs),
      beat: () => send({ type: 'heartbeat' }),
      onSilent: () => socket.terminate(),
    });
    factsTimer = setInterval(() => {
      sendFacts().catch((error: unknown) => log('warn', 'cannot tell the host facts', { error: describeError(error) }));
    }, factsEveryMs).unref();
    options.onWelcome(identity.url);
    const firstSeq = events.firstSeq();
    if (sentSeq >= 0 && firstSeq > sentSeq + 1) send({ type: 'eventsGap', firstSeq });
    unsubscribe = events.subscribe(pumpEvents);
    pumpEvents();
    pumpStats();
  };
  const receive = (message: FromServer): void => {
    switch (message.type) {
      case 'challenge': {
        const version = Math.max(...protocolVersions.filter((each) => message.versions.includes(each)));
        if (!Number.isFinite(version)) return socket.close(closeCodes.version, 'no common version');
        const signature = proof(identity.privateKey, message.nonce, identity.hostId);
        return send({ type: 'hello', version, hostId: identity.hostId, signature, facts: known });
      }
      case 'welcome':
        if (open) return socket.close(closeCodes.malformed, 'welcome comes once');
        return welcomed(message);
      case 'eventsAck':
        ackedSeq = Math.max(ackedSeq, message.seq);
        return pumpEvents();
      case 'tunnelOpen':
        if (open) tunnels.open({ url: identity.url, id: message.id, secret: message.secret });
        return;
      case 'heartbeat':
      case 'enrolled':
        return;
    }
  };

  socket.on('message', (data, isBinary) => {
    heartbeat?.heard();
    const message = readMessage(data, isBinary);
    if (message === 'malformed') return socket.close(closeCodes.malformed, 'malformed message');
    if (message !== 'unknown') receive(message);
  });
  socket.on('ping', () => heartbeat?.heard());
  // 'close' follows and is where it is dealt with.
  socket.on('error', (error) => {
    failure = error.message;
  });
  socket.on('close', (code, reason) => {
    open = false;
    clearTimeout(welcomeTimer);
    clearInterval(factsTimer);
    heartbeat?.stop();
    unsubscribe?.();
    tunnels.closeAll();
    options.onClose(code, reason.toString() || failure);
  });

  return {
    pumpStats,
    isOpen: () => open,
    close() {
      socket.close(1001, 'the agent stops');
      setTimeout(() => socket.terminate(), 1_000).unref();
    },
  };
}
