/**
 * Tunnels of one host: the agent is asked over its link to dial a WebSocket, which becomes a byte stream and then a
 * connection of an ordinary http.Agent. A few idle ones are kept for the next request.
 */
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { EngineError } from '@berth/shared/errors';
import type { FromServer } from '@berth/shared/protocol/control';
import { createWebSocketStream, type WebSocket } from 'ws';
import { newToken, sameToken } from '../auth/tokens.ts';

export const tunnelMessageBytesMax = 4 * 1024 * 1024;
const openWithinMs = 10_000;
const tunnelsMax = 128;
const idleTunnelsMax = 4;
/** Below the keep-alive of the agent's HTTP server, so that a request does not meet a connection being closed. */
const idleMs = 3_000;

export interface Tunnels {
  readonly agent: http.Agent;
  /** The agent dialled. False: no such tunnel was asked for, or with another secret. */
  accept(id: string, secret: string, upgrade: () => Promise<WebSocket>): boolean;
  failed(id: string, message: string): void;
  close(): void;
}

interface Waiting {
  secret: string;
  settle(outcome: Promise<Duplex>): void;
}

export function createTunnels(send: (message: FromServer) => void): Tunnels {
  const waiting = new Map<string, Waiting>();
  const open = new Set<Duplex>();
  let closed = false;

  const dial = (): Promise<Duplex> => {
    if (closed) return Promise.reject(new EngineError('unavailable', 'The host is offline.'));
    if (open.size + waiting.size >= tunnelsMax)
      return Promise.reject(new EngineError('unavailable', 'Too many requests to this host at once.'));
    return new Promise((resolve, reject) => {
      const id = randomUUID();
      const secret = newToken();
      const settle = (outcome: Promise<Duplex>) => {
        clearTimeout(timer);
        waiting.delete(id);
        outcome.then(resolve, reject);
      };
      const timer = setTimeout(
        () => settle(Promise.reject(new EngineError('deadline', 'The host did not open a tunnel in time.'))),
        openWithinMs,
      );
      waiting.set(id, { secret, settle });
      send({ type: 'tunnelOpen', id, secret });
    });
  };

  const agent = new TunnelAgent(dial);
  return {
    agent,
    accept(id, secret, upgrade) {
      const entry = waiting.get(id);
      if (!entry || !sameToken(entry.secret, secret)) return false;
      entry.settle(
        upgrade().then((socket) => {
          const stream = toConnection(socket);
          open.add(stream);
          stream.once('close', () => open.delete(stream));
          return stream;
        }),
      );
      return true;
    },
    failed(id, message) {
      waiting
        .get(id)
        ?.settle(Promise.reject(new EngineError('unavailable', `The host cannot open a tunnel: ${message}`)));
    },
    close() {
      closed = true;
      for (const { settle } of waiting.values())
        settle(Promise.reject(new EngineError('unavailable', 'The host went offline.')));
      agent.destroy();
      for (const stream of open) stream.destroy(new EngineError('unavailable', 'The host went offline.'));
    },
  };
}

/** What http.Agent asks of a socket beyond a Duplex. */
interface SocketLike extends Duplex {
  idleTimer?: NodeJS.Timeout | undefined;
}

class TunnelAgent extends http.Agent {
  readonly #dial: () => Promise<Duplex>;

  constructor(dial: () => Promise<Duplex>) {
    super({ keepAlive: true, maxFreeSockets: idleTunnelsMax });
    this.#dial = dial;
  }

  override createConnection(
    _options: http.ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#dial().then(
      (stream) => callback?.(null, stream),
      // The type wants a stream even beside an error.
      (error: Error) => (callback as unknown as (error: Error) => void)(error),
    );
  }

  override keepSocketAlive(stream: SocketLike): boolean {
    stream.idleTimer = setTimeout(() => stream.destroy(), idleMs).unref();
    return !stream.destroyed;
  }

  override reuseSocket(stream: SocketLike, request: http.ClientRequest): void {
    clearTimeout(stream.idleTimer);
    stream.idleTimer = undefined;
    request.reusedSocket = true;
  }
}

function toConnection(socket: WebSocket): Duplex {
  const stream = createWebSocketStream(socket);
  const same = () => stream;
  return Object.assign(stream, { setKeepAlive: same, setNoDelay: same, setTimeout: same, ref: same, unref: same });
}
