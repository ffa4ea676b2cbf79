/** Takes a request's connection over, as dockerd does for attach and exec: raw with a terminal, multiplexed without. */
import type { Duplex } from 'node:stream';
import type { SupervisorConnection } from '../engine/runtime/supervisor.ts';
import { multiplexed } from './frames.ts';
import type { RequestContext } from './router.ts';

export function hijack({ request, response }: RequestContext, isTerminal: boolean): Duplex {
  const socket = request.socket as Duplex;
  const type = isTerminal ? 'application/vnd.docker.raw-stream' : 'application/vnd.docker.multiplexed-stream';
  const upgrade = request.headers.upgrade !== undefined;
  response.detachSocket(request.socket);
  socket.write(
    upgrade
      ? `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`
      : `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n\r\n`,
  );
  return socket;
}

/** Joins a client's connection and a supervisor's until either ends. @returns when the program or the client is gone */
export function join(
  socket: Duplex,
  supervisor: SupervisorConnection,
  options: {
    isTerminal: boolean;
    stdin: boolean;
    stdout: boolean;
    stderr: boolean;
    /** When the client goes; without it the supervisor's connection is closed. */
    leave?: (supervisor: SupervisorConnection) => void;
  },
): Promise<void> {
  return new Promise((resolve) => {
    const write = (stream: 'stdout' | 'stderr') => (payload: Buffer) => {
      if (!options[stream]) return;
      // Back-pressure reaches the supervisor, which keeps a bounded queue for us.
      if (!socket.write(options.isTerminal ? payload : multiplexed(stream, payload))) supervisor.socket.pause();
    };
    const end = () => {
      socket.end();
      resolve();
    };
    supervisor.on('stdout', write('stdout'));
    supervisor.on('stderr', write('stderr'));
    supervisor.once('exit', end);
    supervisor.once('close', end);
    supervisor.on('drain', () => socket.resume());
    socket.on('drain', () => supervisor.socket.resume());
    if (options.stdin) {
      socket.on('data', (chunk: Buffer) => {
        if (!supervisor.writeStdin(chunk)) socket.pause();
      });
      socket.on('end', () => {
        supervisor.endStdin();
        // A terminal's input ends only with its terminal; a client that half-closed its connection would look the same.
        if (options.isTerminal && options.leave !== undefined) socket.destroy();
      });
    } else socket.resume();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      supervisor.removeAllListeners('stdout');
      supervisor.removeAllListeners('stderr');
      supervisor.socket.resume();
      if (options.leave === undefined) supervisor.close();
      else options.leave(supervisor);
      resolve();
    });
    supervisor.release();
  });
}
