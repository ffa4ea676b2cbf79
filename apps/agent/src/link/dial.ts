import { EngineError } from '@berth/shared/errors';
import { controlMessageBytesMax, type FromServer, fromServer, parseMessage } from '@berth/shared/protocol/control';
import { type RawData, WebSocket } from 'ws';

export const tunnelMessageBytesMax = 4 * 1024 * 1024;
const handshakeMs = 10_000;

/** The dashboard's address as people write it → where its WebSockets are. @throws invalid-parameter */
export function socketUrl(url: string, path: string): string {
  if (!URL.canParse(url)) throw new EngineError('invalid-parameter', `${url} is no URL.`);
  const parsed = new URL(url);
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
    throw new EngineError('invalid-parameter', `${url} is neither http nor https.`);
  return `${parsed.protocol === 'https:' ? 'wss' : 'ws'}://${parsed.host}${parsed.pathname.replace(/\/+$/, '')}${path}`;
}

export function dialControl(url: string): WebSocket {
  return new WebSocket(socketUrl(url, '/agent'), {
    maxPayload: controlMessageBytesMax,
    handshakeTimeout: handshakeMs,
    perMessageDeflate: false,
  });
}

export function dialTunnel(url: string, { id, secret }: { id: string; secret: string }): WebSocket {
  return new WebSocket(socketUrl(url, `/agent/tunnel?id=${encodeURIComponent(id)}`), {
    maxPayload: tunnelMessageBytesMax,
    handshakeTimeout: handshakeMs,
    perMessageDeflate: false,
    headers: { authorization: `Bearer ${secret}` },
  });
}

export function readMessage(data: RawData, isBinary: boolean): FromServer | 'unknown' | 'malformed' {
  return isBinary ? 'malformed' : parseMessage(fromServer, String(data));
}
