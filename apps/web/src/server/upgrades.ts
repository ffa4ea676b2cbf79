/**
 * The four WebSockets of the dashboard, each with its own door: agents prove themselves inside the link, tunnels by a
 * one-time secret, browsers by session cookie and Origin. Every other upgrade is refused.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { linkMessageBytesMax } from './agents/link.ts';
import { tunnelMessageBytesMax } from './agents/tunnels.ts';
import { tokenOfCookies, userOfToken } from './auth/session.ts';
import type { BerthServer } from './context.ts';
import { liveMessageBytesMax } from './live/live.ts';
import { serveTerminal, terminalMessageBytesMax } from './terminal.ts';

type Door = (
  request: IncomingMessage,
  upgrade: () => Promise<WebSocket>,
  query: URLSearchParams,
) => void | Promise<void>;

class Refused extends Error {
  readonly status: string;

  constructor(status: string) {
    super(status);
    this.status = status;
  }
}

export function createUpgrades(server: BerthServer): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const doors: Record<string, { messageBytesMax: number; door: Door }> = {
    '/agent': {
      messageBytesMax: linkMessageBytesMax,
      door: async (_request, upgrade) => server.agents.accept(await upgrade()),
    },
    '/agent/tunnel': { messageBytesMax: tunnelMessageBytesMax, door: tunnel },
    '/live': { messageBytesMax: liveMessageBytesMax, door: live },
    '/terminal': { messageBytesMax: terminalMessageBytesMax, door: terminal },
  };
  const servers = Object.fromEntries(
    Object.entries(doors).map(([path, { messageBytesMax }]) => [
      path,
      new WebSocketServer({ noServer: true, maxPayload: messageBytesMax, perMessageDeflate: false }),
    ]),
  );

  function tunnel(request: IncomingMessage, upgrade: () => Promise<WebSocket>, query: URLSearchParams): void {
    const secret = /^Bearer ([\w-]{1,128})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!server.agents.acceptTunnel(query.get('id') ?? '', secret, upgrade)) throw new Refused('403 Forbidden');
  }
  async function live(request: IncomingMessage, upgrade: () => Promise<WebSocket>): Promise<void> {
    const { token } = browserSession(server, request);
    server.live.watch(await upgrade(), () => userOfToken(server.store, token, Date.now()) !== null);
  }
  async function terminal(
    request: IncomingMessage,
    upgrade: () => Promise<WebSocket>,
    query: URLSearchParams,
  ): Promise<void> {
    const { user } = browserSession(server, request);
    await serveTerminal(server, user, await upgrade(), query);
  }

  return (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://dashboard');
    const entry = Object.hasOwn(doors, pathname) ? doors[pathname] : undefined;
    const upgrade = () =>
      new Promise<WebSocket>((resolve, reject) => {
        socket.once('close', () => reject(new Refused('400 Bad Request')));
        servers[pathname]?.handleUpgrade(request, socket, head, resolve);
      });
    const run = async () => {
      if (!entry) throw new Refused('404 Not Found');
      await entry.door(request, upgrade, searchParams);
    };
    run().catch((error: unknown) => {
      const status = error instanceof Refused ? error.status : '500 Internal Server Error';
      if (!(error instanceof Refused)) console.error(error);
      if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    });
  };
}

function browserSession(server: BerthServer, request: IncomingMessage) {
  if (!isSameOrigin(request, server.publicUrl)) throw new Refused('403 Forbidden');
  const token = tokenOfCookies(request.headers.cookie);
  const user = userOfToken(server.store, token, Date.now());
  if (!user) throw new Refused('401 Unauthorized');
  return { user, token };
}

/** Browsers send Origin with every WebSocket; a page of another site must not use the session. */
export function isSameOrigin(request: IncomingMessage, publicUrl: string | null): boolean {
  const { origin, host } = request.headers;
  if (!origin || !host || !URL.canParse(origin)) return false;
  return new URL(origin).host === host || (publicUrl !== null && origin === new URL(publicUrl).origin);
}
