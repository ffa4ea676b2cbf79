/**
 * One HTTP request and its answer's headers, each step bounded in time. Connections are kept per registry: what a
 * registry sends us to elsewhere goes over connections of its own, which lead to nothing nearer than the registry is.
 */
import dns from 'node:dns';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import { EngineError } from '@berth/shared/errors';
import { type Reach, reach, reachOf } from './addresses.ts';
import { placeOf, RegistryFailure, transportFailure } from './failure.ts';
import { type Endpoint, type RegistryConfig, secureContextOf } from './hosts.ts';
import type { RegistryLimits } from './limits.ts';

export interface SentRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: Buffer | { content: AsyncIterable<Buffer>; sizeBytes: number };
  signal: AbortSignal;
}

export interface Transport {
  /** @throws RegistryFailure of kind unavailable or deadline; cancelled */
  send(request: SentRequest): Promise<http.IncomingMessage>;
  /** Requests under way go on; no connection is kept after them. */
  close(): void;
}

export function createTransport(
  endpoint: Endpoint,
  config: RegistryConfig,
  limits: Readonly<RegistryLimits>,
): Transport {
  const agents = new Map<string, { agent: http.Agent; context: SecureContext | null }>();
  /** Where the registry itself is; nothing nearer is gone to on its word. */
  let registryReach: Reach = reach.world;
  const isAllowed = (address: string) => reachOf(address) >= registryReach;
  const isOwn = (url: URL) => endpoint.origins.some(({ origin }) => origin === url.origin);

  function agentFor(url: URL): http.Agent {
    const context = url.protocol === 'https:' ? secureContextOf(url.host, endpoint.host, config) : null;
    const kept = agents.get(url.origin);
    if (kept?.context === context) return kept.agent;
    if (kept !== undefined) retire(kept.agent);
    const options = {
      keepAlive: true,
      maxSockets: limits.socketsPerHost,
      scheduling: 'lifo' as const,
      // Of connections that nobody uses; requests have clocks of their own.
      timeout: limits.keepAliveMs,
      ...(isOwn(url) ? {} : { lookup: guardedLookup(isAllowed) }),
    };
    const agent =
      context === null
        ? new http.Agent(options)
        : new https.Agent({ ...options, secureContext: context, rejectUnauthorized: !endpoint.isInsecure });
    const [oldest] = agents.keys();
    if (agents.size >= limits.originsMax && oldest !== undefined) forget(oldest);
    agents.set(url.origin, { agent, context });
    return agent;
  }

  function forget(origin: string): void {
    const kept = agents.get(origin);
    agents.delete(origin);
    if (kept !== undefined) retire(kept.agent);
  }

  function check(url: URL): void {
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && endpoint.isInsecure)) {
      const why =
        url.protocol === 'http:' ? 'the registry is not configured as insecure' : 'it is neither https nor http';
      throw new RegistryFailure('forbidden', `${endpoint.host} sent us to ${placeOf(url)}, which is refused: ${why}`);
    }
    if (url.username !== '' || url.password !== '') {
      throw new RegistryFailure(
        'forbidden',
        `${endpoint.host} sent us to an address with a user name in it, which is refused`,
      );
    }
    const bare = url.hostname.replace(/^\[|\]$/g, '');
    if (!isOwn(url) && isIP(bare) !== 0 && !isAllowed(bare)) throw refusedAddress(url.hostname);
  }

  return {
    async send({ method, url, headers, body, signal }) {
      check(url);
      signal.throwIfAborted();
      const isHttps = url.protocol === 'https:';
      const length =
        body === undefined ? {} : { 'Content-Length': String(Buffer.isBuffer(body) ? body.length : body.sizeBytes) };
      let request: http.ClientRequest;
      try {
        request = (isHttps ? https : http).request(url, {
          method,
          agent: agentFor(url),
          headers: { 'User-Agent': 'berth', 'Accept-Encoding': 'identity', ...headers, ...length },
          signal,
        });
      } catch (error) {
        // Node refuses what would break the line, such as a token with a line feed in it.
        throw new RegistryFailure('system', `${method} ${placeOf(url)}: the request cannot be written`, {
          cause: error,
        });
      }
      const fail = (what: string) =>
        request.destroy(new RegistryFailure('deadline', `${method} "${placeOf(url)}": ${what}`, { isTransient: true }));
      const timer = createTimer();
      request.once('socket', (socket) => {
        if (!socket.connecting) return;
        timer.start(limits.connectMs, () => fail('the connection took too long'));
        socket.once(isHttps ? 'secureConnect' : 'connect', timer.stop);
      });
      request.once('finish', () => timer.start(limits.headersMs, () => fail('no answer in time')));
      const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
        request.once('response', resolve);
        request.on('error', reject);
        request.once('close', () =>
          reject(new RegistryFailure('unavailable', 'the connection was closed', { isTransient: true })),
        );
      });
      try {
        const written = write(request, body, timer, () => fail('the registry stopped reading'), limits.idleMs);
        // The answer may come before the body is written, and ends the writing then.
        const answer = await Promise.race([answered, written.then(() => answered)]);
        if (isOwn(url)) registryReach = reachOf(answer.socket.remoteAddress ?? '');
        return answer;
      } catch (error) {
        request.destroy();
        if (signal.aborted) throw new EngineError('cancelled', 'cancelled', { cause: signal.reason });
        throw transportFailure(error, method, url);
      } finally {
        timer.stop();
      }
    },
    close() {
      for (const origin of [...agents.keys()]) forget(origin);
    },
  };
}

async function write(
  request: http.ClientRequest,
  body: SentRequest['body'],
  timer: ReturnType<typeof createTimer>,
  stalled: () => void,
  idleMs: number,
): Promise<void> {
  if (body === undefined || Buffer.isBuffer(body)) return void request.end(body);
  const answered = once(request, 'response').catch(() => undefined);
  let isAnswered = false;
  void answered.then(() => {
    isAnswered = true;
  });
  for await (const chunk of body.content) {
    if (isAnswered || request.destroyed) return;
    if (request.write(chunk)) continue;
    timer.start(idleMs, stalled);
    await Promise.race([once(request, 'drain'), once(request, 'close'), answered]);
    timer.stop();
  }
  request.end();
}

function retire(agent: http.Agent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** One clock that only ever runs for one thing. */
function createTimer() {
  let handle: NodeJS.Timeout | undefined;
  const stop = () => clearTimeout(handle);
  return {
    start(ms: number, act: () => void) {
      stop();
      handle = setTimeout(act, ms);
    },
    stop,
  };
}

/** Looks a name up and leaves out the addresses that are not to be gone to, so that no second look-up can differ. */
function guardedLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '');
      const allowed = found.filter(({ address }) => isAllowed(address));
      const [first] = allowed;
      if (first === undefined) return callback(refusedAddress(hostname), '');
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function refusedAddress(hostname: string): RegistryFailure {
  return new RegistryFailure(
    'forbidden',
    `the registry sent us to ${hostname}, an address that is nearer to this machine than the registry is: refused`,
  );
}
