/** An Engine API client over a host's tunnels: errors of the engine become EngineErrors, streams stay streams. */
import http, { type IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError, type ErrorKind } from '@berth/shared/errors';

const answerBytesMax = 64 * 1024 * 1024;
const errorBytesMax = 64 * 1024;

export interface EngineRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** Without version prefix, as `/containers/json`; made of ids and references that the inventory knows. */
  path: string;
  query?: Record<string, string | number | boolean | readonly string[] | undefined>;
  body?: unknown;
  /** `bytes` when it is known how many come: an end before them is then a failure at the other side, too. */
  stream?: { body: Readable; contentType: string; bytes?: number };
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Resolves with the answer's head; its body is read by the caller. @throws EngineError for every status from 400 */
export async function requestEngine(agent: http.Agent, request: EngineRequest): Promise<IncomingMessage> {
  try {
    return await attempt(agent, request);
  } catch (error) {
    // A kept connection may have been closed at the other end just before: reading may be asked again.
    const wasReset = error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
    if (request.method === 'GET' && wasReset && !request.signal?.aborted) return await attempt(agent, request);
    throw toEngineError(error);
  }
}

export async function requestEngineJson(agent: http.Agent, request: EngineRequest): Promise<unknown> {
  const answer = await requestEngine(agent, request);
  const text = await readText(answer, answerBytesMax);
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EngineError('system', 'The host sent an answer that is no JSON.', { cause });
  }
}

/** A hijacked connection (exec start, attach): the raw stream after `101 UPGRADED`. */
export function upgradeEngine(
  agent: http.Agent,
  { path, query, body, signal }: Pick<EngineRequest, 'path' | 'query' | 'body' | 'signal'>,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const request = http.request({
      agent,
      host: 'engine',
      method: 'POST',
      path: path + toQuery(query),
      headers: {
        connection: 'Upgrade',
        upgrade: 'tcp',
        ...(text && { 'content-type': 'application/json' }),
        'content-length': Buffer.byteLength(text),
      },
      ...(signal && { signal }),
    });
    request.once('upgrade', (_answer, stream, head) => {
      if (head.length > 0) stream.unshift(head);
      resolve(stream);
    });
    request.once('response', (answer) => {
      failureOf(answer).then(reject, reject);
    });
    request.once('error', (error) => reject(toEngineError(error)));
    request.end(text);
  });
}

function attempt(
  agent: http.Agent,
  { method, path, query, body, stream, headers, signal }: EngineRequest,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = http.request({
      agent,
      host: 'engine',
      method,
      path: path + toQuery(query),
      headers: {
        ...headers,
        ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...(stream && {
          'content-type': stream.contentType,
          ...(stream.bytes === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': stream.bytes }),
        }),
        ...(text === undefined && !stream && method !== 'GET' && { 'content-length': 0 }),
      },
      ...(signal && { signal }),
    });
    request.once('response', (answer) => {
      if ((answer.statusCode ?? 500) < 400) return resolve(answer);
      failureOf(answer).then(reject, reject);
    });
    request.once('error', reject);
    if (!stream) return void request.end(text);
    // An engine that refuses early answers before it has read everything; that answer is what counts.
    pipeline(stream.body, request).catch((error) => request.destroy(error));
  });
}

function toQuery(query: EngineRequest['query']): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    if (typeof value === 'object') for (const each of value) parameters.append(name, each);
    else parameters.set(name, value === true ? '1' : value === false ? '0' : String(value));
  }
  const text = parameters.toString();
  return text && `?${text}`;
}

const kindOfStatus: Record<number, ErrorKind> = {
  400: 'invalid-parameter',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  408: 'deadline',
  409: 'conflict',
  412: 'precondition-failed',
  413: 'too-large',
  501: 'not-implemented',
  503: 'unavailable',
  504: 'deadline',
};

async function failureOf(answer: IncomingMessage): Promise<EngineError> {
  const status = answer.statusCode ?? 500;
  const text = await readText(answer, errorBytesMax).catch(() => '');
  return new EngineError(
    kindOfStatus[status] ?? 'system',
    messageOf(text) || `The host answered with status ${status}.`,
  );
}

function messageOf(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'message' in value) return String(value.message);
  } catch {
    // Not JSON: the status has to do.
  }
  return '';
}

async function readText(answer: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new EngineError('too-large', 'The answer of the host is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function toEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  if (error instanceof Error && error.name === 'AbortError')
    return new EngineError('cancelled', 'Cancelled.', { cause: error });
  return new EngineError('unavailable', 'The connection with the host broke.', { cause: error });
}
