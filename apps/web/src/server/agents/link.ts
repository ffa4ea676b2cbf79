/**
 * The dashboard's end of one control WebSocket (docs/protocol.md): challenge, proof, welcome, then messages until it
 * closes. Whatever breaks the protocol closes the link with a code; nothing is half accepted.
 */
import { createPublicKey, randomBytes, randomUUID, verify } from 'node:crypto';
import {
  closeCodes,
  controlMessageBytesMax,
  type EngineEvent,
  type FromAgent,
  type FromServer,
  fromAgent,
  type HostFacts,
  parseMessage,
  protocolVersions,
  signedBytes,
  statsFrameBytesMax,
} from '@berth/shared/protocol/control';
import { createStatsDecoder, StatsFrameError } from '@berth/shared/protocol/stats';
import type { StatsSample } from '@berth/shared/protocol/stats-fields';
import type { RawData, WebSocket } from 'ws';
import { hashToken } from '../auth/tokens.ts';
import type { HostRecord, hostStore } from '../db/hosts.ts';

export const linkMessageBytesMax = Math.max(controlMessageBytesMax, statsFrameBytesMax);
const helloWithinMs = 10_000;
const heartbeatsMissedMax = 3;
const pongWithinMs = 2_000;
const statsIntervalMs = 1_000;
const bufferedBytesMax = 4 * 1024 * 1024;

export interface LinkEvents {
  /** @returns where the agent goes on: events after this sequence number, samples after this time. */
  opened(link: Link): { resumeEventsAfter: number; resumeStatsAfterMs: number };
  closed(link: Link): void;
  facts(link: Link, facts: HostFacts): void;
  /** Stored when it returns: the acknowledgement follows. */
  events(link: Link, events: EngineEvent[]): void;
  eventsGap(link: Link): void;
  stats(link: Link, sample: StatsSample): void;
  tunnelFailed(link: Link, id: string, message: string): void;
}

export interface Link {
  readonly hostId: string;
  send(message: FromServer): void;
  close(code: number, reason: string): void;
  /** Whether the other end answers a ping in time. */
  answers(): Promise<boolean>;
  terminate(): void;
}

interface LinkDependencies extends LinkEvents {
  socket: WebSocket;
  hosts: Pick<ReturnType<typeof hostStore>, 'enroll' | 'get'>;
  /** The open link of a host, if there is one. */
  openLink(hostId: string): Link | undefined;
  heartbeatMs: number;
  now: () => number;
}

export function acceptLink(dependencies: LinkDependencies): void {
  const { socket, heartbeatMs } = dependencies;
  const nonce = randomBytes(32).toString('base64url');
  const decoder = createStatsDecoder();
  let link: Link | null = null;
  let deciding = false;
  let heardAt = dependencies.now();

  const send = (message: FromServer): void => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > bufferedBytesMax) return socket.terminate();
    socket.send(JSON.stringify(message));
  };
  const refuse = (code: number, reason: string): void => {
    // A peer that does not take part in the closing handshake is cut off.
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), 2_000).unref();
  };
  const helloTimer = setTimeout(() => refuse(closeCodes.silent, 'no hello came'), helloWithinMs);
  let beat: NodeJS.Timeout | undefined;

  const open = async (host: HostRecord): Promise<void> => {
    const older = dependencies.openLink(host.id);
    if (older) {
      if (await older.answers()) return refuse(closeCodes.duplicate, 'this host is connected already');
      older.terminate();
    }
    if (socket.readyState !== socket.OPEN) return;
    // Another connection may have won while the older one was asked.
    if (dependencies.openLink(host.id)) return refuse(closeCodes.duplicate, 'this host is connected already');
    link = {
      hostId: host.id,
      send,
      close: refuse,
      answers: () => answersPing(socket),
      terminate: () => socket.terminate(),
    };
    const resume = dependencies.opened(link);
    send({ type: 'welcome', version: protocolVersions[0], ...resume, heartbeatMs, statsIntervalMs });
    beat = setInterval(() => {
      if (dependencies.now() - heardAt > heartbeatMs * heartbeatsMissedMax) return refuse(closeCodes.silent, 'silent');
      send({ type: 'heartbeat' });
    }, heartbeatMs);
  };

  const authenticate = (message: FromAgent): void => {
    if (message.type !== 'hello' && message.type !== 'enroll') return refuse(closeCodes.malformed, 'hello comes first');
    if (!protocolVersions.some((version) => version === message.version))
      return refuse(closeCodes.version, `versions spoken here: ${protocolVersions.join(', ')}`);
    deciding = true;
    clearTimeout(helloTimer);
    const host = message.type === 'hello' ? proveKnown(message) : enrollNew(message);
    if (!host) return refuse(closeCodes.unauthorized, 'not authorized');
    if (message.type === 'enroll') send({ type: 'enrolled', hostId: host.id });
    void open(host).then(() => link && dependencies.facts(link, message.facts));
  };
  const proveKnown = ({ hostId, signature }: Extract<FromAgent, { type: 'hello' }>): HostRecord | null => {
    const host = dependencies.hosts.get(hostId);
    return host && signedBy(host.publicKey, signature, nonce, hostId) ? host : null;
  };
  const enrollNew = ({
    token,
    publicKey,
    signature,
    facts,
  }: Extract<FromAgent, { type: 'enroll' }>): HostRecord | null => {
    // Whoever sends the key must hold it, before the token is spent.
    if (!signedBy(publicKey, signature, nonce, token)) return null;
    const now = dependencies.now();
    const host = dependencies.hosts.enroll({ id: randomUUID(), publicKey, facts, tokenHash: hashToken(token), now });
    return host === 'refused' ? null : host;
  };

  const receive = (opened: Link, message: FromAgent): void => {
    switch (message.type) {
      case 'heartbeat':
        return;
      case 'facts':
        return dependencies.facts(opened, message.facts);
      case 'events': {
        const last = message.events.at(-1);
        if (!last) return;
        dependencies.events(opened, message.events);
        return send({ type: 'eventsAck', seq: last.seq });
      }
      case 'eventsGap':
        return dependencies.eventsGap(opened);
      case 'tunnelFailed':
        return dependencies.tunnelFailed(opened, message.id, message.message);
      case 'hello':
      case 'enroll':
        return refuse(closeCodes.malformed, 'hello comes once');
    }
  };

  socket.on('message', (data, isBinary) => {
    heardAt = dependencies.now();
    if (socket.readyState !== socket.OPEN) return;
    if (isBinary) {
      if (!link) return refuse(closeCodes.malformed, 'hello comes first');
      try {
        dependencies.stats(link, decoder.decode(toBytes(data)));
      } catch (error) {
        if (!(error instanceof StatsFrameError)) throw error;
        refuse(closeCodes.malformed, error.message);
      }
      return;
    }
    const text = toBytes(data);
    if (text.byteLength > controlMessageBytesMax) return refuse(closeCodes.malformed, 'message too large');
    const message = parseMessage(fromAgent, text.toString());
    if (message === 'unknown') return;
    if (message === 'malformed') return refuse(closeCodes.malformed, 'malformed message');
    if (link) return receive(link, message);
    if (deciding) return refuse(closeCodes.malformed, 'welcome has not come yet');
    authenticate(message);
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    clearTimeout(helloTimer);
    clearInterval(beat);
    if (link) dependencies.closed(link);
    link = null;
  });
  send({ type: 'challenge', nonce, versions: [...protocolVersions] });
}

function signedBy(publicKey: string, signature: string, nonce: string, subject: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType !== 'ed25519') return false;
    return verify(null, signedBytes(nonce, subject), key, Buffer.from(signature, 'base64'));
  } catch {
    // Not a key at all.
    return false;
  }
}

function answersPing(socket: WebSocket): Promise<boolean> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (answer: boolean) => {
      clearTimeout(timer);
      socket.off('pong', yes);
      socket.off('close', no);
      resolve(answer);
    };
    const yes = () => settle(true);
    const no = () => settle(false);
    const timer = setTimeout(no, pongWithinMs);
    socket.once('pong', yes);
    socket.once('close', no);
    socket.ping();
  });
}

function toBytes(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
