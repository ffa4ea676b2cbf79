/**
 * Requests to one endpoint of a registry: signed in, sent on, tried again. What is secret goes to the very origin that
 * asked for it and to its token server, nowhere else, wherever the registry sends us.
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { EngineError } from '@berth/shared/errors';
import { discard, readBody } from './body.ts';
import { type Challenge, parseChallenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { placeOf, RegistryFailure, statusFailure } from './failure.ts';
import type { Endpoint, RegistryConfig } from './hosts.ts';
import type { RegistryLimits } from './limits.ts';
import { type BearerChallenge, basicAuthorization, readToken, type Token, tokenRequest } from './token.ts';
import type { SentRequest, Transport } from './transport.ts';

export interface ClientRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** A path at the registry, or an address that it gave us. */
  target: string;
  headers?: Record<string, string>;
  body?: SentRequest['body'];
  /** `repository:name:pull` */
  scopes: string[];
  /** Answers that are passed on; others are thrown. */
  accept: number[];
  signal: AbortSignal;
  /** Told before a pause. */
  onRetry?: ((seconds: number) => void) | undefined;
}

export interface RegistryClient {
  /** The body is the caller's to read to its end or destroy. @throws EngineError */
  request(asked: ClientRequest): Promise<IncomingMessage>;
  /** Whether these credentials are taken. @returns an identity token, '' where there is none */
  login(signal: AbortSignal): Promise<string>;
  readonly endpoint: Endpoint;
}

/** The origin that answers, and what it asks for. */
interface Door {
  origin: URL;
  challenge: Challenge | null;
}

const redirects = new Set([301, 302, 303, 307, 308]);

export function createClient(deps: {
  endpoint: Endpoint;
  transport: Transport;
  credentials: Credentials | null;
  config: RegistryConfig;
  limits: Readonly<RegistryLimits>;
}): RegistryClient {
  const { endpoint, transport, limits } = deps;
  const credentials = endpoint.isMirror ? null : deps.credentials;
  const tokens = new Map<string, Token>();
  let door: Promise<Door> | null = null;

  /** GET /v2/ says which origin answers, and what it asks for. */
  async function ping(signal: AbortSignal): Promise<Door> {
    let first: unknown;
    for (const origin of endpoint.origins) {
      try {
        const url = new URL('/v2/', origin);
        const answer = await transport.send({ method: 'GET', url, headers: {}, signal });
        const { statusCode = 0 } = answer;
        if (statusCode >= 500 || statusCode === 429) throw await failureOf(answer, 'GET', url);
        const challenge = statusCode === 401 ? parseChallenge(answer.headers['www-authenticate']) : null;
        discard(answer);
        return { origin, challenge };
      } catch (error) {
        if (signal.aborted || (error instanceof RegistryFailure && error.kind === 'forbidden')) throw error;
        first ??= error;
      }
    }
    throw first;
  }

  function enter(signal: AbortSignal): Promise<Door> {
    door ??= ping(signal).catch((error) => {
      door = null;
      throw error;
    });
    return door;
  }

  async function failureOf(answer: IncomingMessage, method: string, url: URL): Promise<RegistryFailure> {
    let body = '';
    if (method !== 'HEAD') {
      const bounds = { bytesMax: limits.answerBytesMax, what: 'the error' };
      body = (await readBody(answer, bounds, limits).catch(() => Buffer.alloc(0))).toString('utf8');
    } else discard(answer);
    const { statusCode: status = 0, statusMessage: statusText = '' } = answer;
    return statusFailure({ method, url, status, statusText, retryAfter: answer.headers['retry-after'], body });
  }

  async function fetchToken(
    challenge: BearerChallenge,
    scopes: string[],
    wantsIdentityToken: boolean,
    signal: AbortSignal,
  ): Promise<Token> {
    const { tokenServers } = deps.config;
    const asked = { challenge, scopes, credentials, registryHost: endpoint.host, tokenServers, wantsIdentityToken };
    const { url, ...request } = tokenRequest(asked);
    const answer = await transport.send({ ...request, url, signal });
    if (answer.statusCode !== 200) throw await failureOf(answer, request.method, url);
    const bounds = { bytesMax: limits.answerBytesMax, what: 'the token server’s answer' };
    return readToken((await readBody(answer, bounds, limits)).toString('utf8'), url, Date.now());
  }

  async function authorization(
    challenge: Challenge | null,
    scopes: string[],
    signal: AbortSignal,
  ): Promise<string | null> {
    if (credentials !== null && credentials.registryToken !== '') return `Bearer ${credentials.registryToken}`;
    if (challenge === null) return null;
    if (challenge.scheme === 'basic') {
      return credentials === null || credentials.username === '' ? null : basicAuthorization(credentials);
    }
    const key = scopes.join(' ');
    const kept = tokens.get(key);
    if (kept !== undefined && kept.expiresAt - limits.tokenMarginMs > Date.now()) return `Bearer ${kept.text}`;
    const token = await fetchToken(challenge, scopes, false, signal);
    if (tokens.size >= limits.tokensMax) tokens.clear();
    tokens.set(key, token);
    return `Bearer ${token.text}`;
  }

  /** One try: with authorization, along redirects. */
  async function attempt(asked: ClientRequest): Promise<IncomingMessage> {
    const { method, scopes, signal, body, headers = {} } = asked;
    const { origin, challenge } = await enter(signal);
    const begin = URL.parse(asked.target, origin.href);
    if (begin === null) throw new RegistryFailure('system', `${endpoint.host} sent us to something that is no address`);
    let url = begin;
    for (let hops = 0; hops <= limits.redirectsMax; hops++) {
      const isOwn = url.origin === origin.origin;
      const secret = isOwn ? await authorization(challenge, scopes, signal) : null;
      const answer = await transport.send({
        method,
        url,
        headers: { ...headers, ...(secret === null ? {} : { Authorization: secret }) },
        signal,
        ...(body === undefined ? {} : { body }),
      });
      const { statusCode = 0 } = answer;
      const { location } = answer.headers;
      if (asked.accept.includes(statusCode)) return answer;
      if (statusCode === 401 && isOwn && challenge === null) {
        // Its front door was open; this one is not.
        const told = parseChallenge(answer.headers['www-authenticate']);
        if (told !== null) door = Promise.resolve({ origin, challenge: told });
      }
      if (!redirects.has(statusCode) || location === undefined) throw await failureOf(answer, method, url);
      discard(answer);
      const next = URL.parse(location, url.href);
      if (next === null || (method !== 'GET' && method !== 'HEAD')) {
        throw new RegistryFailure('system', `${method} ${placeOf(url)}: a redirect that cannot be followed`);
      }
      url = next;
    }
    throw new RegistryFailure('system', `${method} ${asked.target}: stopped after ${limits.redirectsMax} redirects`);
  }

  return {
    endpoint,

    async request(asked) {
      // A body that is a stream can be sent once.
      const isRepeatable = asked.body === undefined || Buffer.isBuffer(asked.body);
      for (let tries = 1; ; tries++) {
        const entered = door;
        try {
          return await attempt(asked);
        } catch (error) {
          if (!(error instanceof RegistryFailure)) throw error;
          // A token may be taken back before its time, and a challenge come late.
          if (error.kind === 'unauthorized' && tries === 1 && isRepeatable && (tokens.size > 0 || door !== entered)) {
            tokens.clear();
            continue;
          }
          const pauseMs = pauseAfter(error, tries, limits);
          if (pauseMs === null || !isRepeatable) throw error;
          asked.onRetry?.(Math.ceil(pauseMs / 1000));
          await pause(pauseMs, asked.signal);
        }
      }
    },

    async login(signal) {
      const { origin, challenge } = await enter(signal);
      const url = new URL('/v2/', origin);
      let identityToken = '';
      let secret: string | null;
      if (challenge?.scheme === 'bearer') {
        const token = await fetchToken(challenge, [], true, signal);
        identityToken = token.identityToken;
        secret = `Bearer ${token.text}`;
      } else secret = await authorization(challenge, [], signal);
      const headers = secret === null ? {} : { Authorization: secret };
      const answer = await transport.send({ method: 'GET', url, headers, signal });
      if (answer.statusCode === 200) {
        discard(answer);
        return identityToken;
      }
      const { statusCode = 0, statusMessage = '' } = answer;
      discard(answer);
      throw new EngineError(
        statusCode === 401 ? 'unauthorized' : 'system',
        `login attempt to ${placeOf(url)} failed with status: ${statusCode} ${statusMessage}`,
      );
    },
  };
}

/** @returns null where it makes no sense to try again */
export function pauseAfter(error: RegistryFailure, tries: number, limits: Readonly<RegistryLimits>): number | null {
  if (!error.isTransient || tries >= limits.attempts) return null;
  if (error.retryAfterMs !== null) return error.retryAfterMs <= limits.retryAfterMsMax ? error.retryAfterMs : null;
  const longest = Math.min(limits.backoffMs * 2 ** (tries - 1), limits.backoffMsMax);
  // Clients that failed together are not to come back together.
  return longest / 2 + (Math.random() * longest) / 2;
}

export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch (cause) {
    throw new EngineError('cancelled', 'cancelled', { cause });
  }
}
