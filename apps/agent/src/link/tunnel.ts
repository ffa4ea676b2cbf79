/** A tunnel: a second WebSocket to the dashboard becomes a connection of the Engine API's HTTP server. */
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { createWebSocketStream } from 'ws';
import { dialTunnel } from './dial.ts';

export const tunnelsMax = 256;

export interface Tunnels {
  open(request: { url: string; id: string; secret: string }): void;
  closeAll(): void;
}

export function createTunnels(options: {
  /** The Engine API's http.Server. */
  apiServer: Pick<EventEmitter, 'emit'>;
  onFailure: (id: string, message: string) => void;
}): Tunnels {
  const streams = new Set<Duplex>();
  return {
    open({ url, id, secret }) {
      if (streams.size >= tunnelsMax) return options.onFailure(id, 'too many tunnels are open');
      const socket = dialTunnel(url, { id, secret });
      const stream = toConnection(createWebSocketStream(socket));
      streams.add(stream);
      stream.once('close', () => streams.delete(stream));
      let opened = false;
      socket.once('open', () => {
        opened = true;
        options.apiServer.emit('connection', stream);
      });
      // Errors after that are the HTTP server's; the stream closes with them.
      stream.on('error', (error) => {
        if (!opened) options.onFailure(id, error.message.slice(0, 500));
      });
    },
    closeAll() {
      for (const stream of streams) stream.destroy();
    },
  };
}

/** What an http.Server asks of a socket beyond a Duplex. */
function toConnection(stream: Duplex): Duplex {
  const same = () => stream;
  return Object.assign(stream, { setKeepAlive: same, setNoDelay: same, setTimeout: same, ref: same, unref: same });
}
