/** The Docker Engine API as one HTTP server: on the unix socket, and on whatever connections the link hands in. */
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { EngineError } from '@berth/shared/errors';
import { describeError, log } from '../log.ts';
import { createRouter, jsonBodyBytesMax, type RequestContext, type Route } from './router.ts';
import { statusOf } from './status.ts';

export const apiVersion = '1.50';
export const apiVersionMin = '1.41';

export function createApiServer(routes: readonly Route[], agentVersion: string): http.Server {
  const find = createRouter(routes);
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    void serve(request, response).catch((error) => {
      const { status, message } = statusOf(error);
      if (status === 500) log('error', 'a request failed', { url: request.url, error: describeError(error) });
      if (response.headersSent) return void response.destroy();
      if (!request.complete) throwAwayRest(request);
      sendJson(response, status, { message });
    });
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('Api-Version', apiVersion);
    response.setHeader('Docker-Experimental', 'false');
    response.setHeader('Ostype', 'linux');
    response.setHeader('Server', `Berth/${agentVersion} (linux)`);
    const url = URL.parse(`http://engine${request.url ?? '/'}`);
    if (url === null) throw new EngineError('invalid-parameter', 'the request target is not a path');
    const path = checkVersion(url.pathname);
    const found = find(request.method ?? 'GET', path);
    if (found === null) throw new EngineError('not-found', 'page not found');
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const context: RequestContext = {
      request,
      response,
      params: found.params,
      query: url.searchParams,
      json: () => readJson(request),
      send: (status, body) => sendJson(response, status, body),
      signal: gone.signal,
    };
    await found.route.handler(context);
  }

  const server = http.createServer({ keepAliveTimeout: 60_000, requestTimeout: 0, headersTimeout: 30_000 }, handle);
  // Hijacked requests (attach, exec start) ask for an upgrade; the handler takes the socket over.
  server.on('upgrade', (request: IncomingMessage, socket, head: Buffer) => {
    const response = new http.ServerResponse(request);
    if (head.length > 0) socket.unshift(head);
    response.assignSocket(socket as never);
    // Keep-alive would hand the socket back to the parser, which has let go of it.
    response.shouldKeepAlive = false;
    // Answered and not taken over: nothing else would ever be read from it.
    response.once('finish', () => {
      response.detachSocket(socket as never);
      socket.end(() => socket.destroy());
    });
    handle(request, response);
  });
  return server;
}

const restMs = 5000;

/**
 * Of a body that was refused while it came: a client that is hung up on at once sees that, and not the answer. One that
 * does not stop is hung up on after all.
 */
function throwAwayRest(request: IncomingMessage): void {
  const late = setTimeout(() => request.destroy(), restMs);
  request.once('close', () => clearTimeout(late));
  request.once('end', () => clearTimeout(late));
  request.on('error', () => undefined);
  request.resume();
}

/** @returns the path without its version. @throws invalid-parameter for a version we do not speak */
function checkVersion(path: string): string {
  const found = /^\/v(\d+\.\d+)(\/.*)$/.exec(path);
  if (found === null) return path;
  const [, version = '', rest = '/'] = found;
  if (compare(version, apiVersionMin) < 0) {
    throw new EngineError(
      'invalid-parameter',
      `client version ${version} is too old. Minimum supported API version is ${apiVersionMin}, please upgrade your client to a newer version`,
    );
  }
  if (compare(version, apiVersion) > 0) {
    throw new EngineError(
      'invalid-parameter',
      `client version ${version} is too new. Maximum supported API version is ${apiVersion}`,
    );
  }
  return rest;
}

function compare(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.headers.upgrade === undefined ? request : upgradedBody(request)) {
    length += chunk.length;
    if (length > jsonBodyBytesMax)
      throw new EngineError('too-large', `the request body is larger than ${jsonBodyBytesMax} bytes`);
    chunks.push(chunk);
  }
  if (length === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new EngineError('invalid-parameter', 'the request body is not valid JSON', { cause });
  }
}

/** The HTTP parser leaves the body of an upgrade request in its connection; what follows it is the new protocol's. */
async function* upgradedBody(request: IncomingMessage): AsyncGenerator<Buffer> {
  const { socket } = request;
  let missing = Number(request.headers['content-length'] ?? 0);
  while (missing > 0) {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) {
      if (socket.readableEnded || socket.destroyed) return;
      await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
      continue;
    }
    const ours = chunk.subarray(0, missing);
    missing -= ours.length;
    if (chunk.length > ours.length) socket.unshift(chunk.subarray(ours.length));
    yield ours;
  }
}

function sendJson(response: ServerResponse, status: number, body?: unknown): void {
  if (body === undefined || status === 204 || status === 304) {
    response.writeHead(status);
    response.end();
    return;
  }
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
