/**
 * The browser's terminal: a WebSocket on one side, a hijacked exec or attach stream of the engine on the other. Binary
 * both ways is the terminal's bytes; text from the browser resizes, text from here tells how it ended.
 */
import type { Duplex } from 'node:stream';
import { EngineError } from '@berth/shared/errors';
import type { RawData, WebSocket } from 'ws';
import { z } from 'zod';
import { createFrameReader } from './agents/frames.ts';
import type { BerthServer } from './context.ts';
import { isEngineError } from './inventory/audited.ts';
import type { UserView } from './views.ts';

export const terminalMessageBytesMax = 1024 * 1024;
const bufferedBytesMax = 1024 * 1024;
const pingMs = 30_000;
const side = z.coerce.number().int().min(1).max(1000);
const idPattern = /^[0-9a-f]{64}$/;

const terminalQuery = z.object({
  hostId: z.string().max(64),
  containerId: z.string().regex(idPattern),
  mode: z.enum(['exec', 'attach']).default('exec'),
  command: z.string().max(4096).optional(),
  user: z.string().max(128).optional(),
  cols: side.default(80),
  rows: side.default(24),
});
type TerminalQuery = z.infer<typeof terminalQuery>;
const resize = z.object({ type: z.literal('resize'), cols: side, rows: side });
const execCreated = z.object({ Id: z.string().regex(/^[0-9a-zA-Z]+$/) });
const execInspect = z.object({ ExitCode: z.number().nullish() });
const containerInspect = z.object({ State: z.object({ Running: z.boolean(), ExitCode: z.number() }) });

const defaultShell = 'command -v bash >/dev/null && exec bash || exec sh';

export async function serveTerminal(
  server: BerthServer,
  user: UserView,
  socket: WebSocket,
  query: URLSearchParams,
): Promise<void> {
  const abort = new AbortController();
  const toBrowser = (message: object) => socket.readyState === socket.OPEN && socket.send(JSON.stringify(message));
  socket.on('error', () => socket.terminate());
  socket.once('close', () => abort.abort());
  const early: { data: RawData; isBinary: boolean }[] = [];
  const keepEarly = (data: RawData, isBinary: boolean) => void (early.length < 64 && early.push({ data, isBinary }));
  socket.on('message', keepEarly);
  const ping = setInterval(() => socket.ping(), pingMs);
  socket.once('close', () => clearInterval(ping));
  try {
    const parsed = terminalQuery.safeParse(Object.fromEntries(query));
    if (!parsed.success) throw new EngineError('invalid-parameter', 'The terminal was asked for with bad parameters.');
    const session = await audit(server, user, parsed.data, () => open(server, parsed.data, abort.signal));
    socket.off('message', keepEarly);
    connect(socket, session);
    for (const { data, isBinary } of early) socket.emit('message', data, isBinary);
    await ended(session.stream);
    const exitCode = abort.signal.aborted ? null : await session.exitCode();
    if (exitCode === null) toBrowser({ type: 'error', message: 'The connection with the terminal ended.' });
    else toBrowser({ type: 'exit', exitCode });
  } catch (error) {
    if (!isEngineError(error)) console.error(error);
    toBrowser({ type: 'error', message: isEngineError(error) ? error.message : 'The terminal could not be opened.' });
  }
  socket.close(1000);
}

interface Session {
  stream: Duplex;
  /** Without a terminal of its own, the container's output comes framed. */
  framed: boolean;
  resize(size: { cols: number; rows: number }): void;
  /** null: it goes on, or nobody knows. */
  exitCode(): Promise<number | null>;
}

async function open(server: BerthServer, query: TerminalQuery, signal: AbortSignal): Promise<Session> {
  if (!server.store.inventory.container(query.hostId, query.containerId))
    throw new EngineError('not-found', 'This container is not there any more.');
  return query.mode === 'exec' ? await openExec(server, query, signal) : await openAttach(server, query, signal);
}

async function openExec({ agents }: BerthServer, query: TerminalQuery, signal: AbortSignal): Promise<Session> {
  const { hostId, containerId, command, user, cols, rows } = query;
  const { Id } = execCreated.parse(
    await agents.requestJson(hostId, {
      method: 'POST',
      path: `/containers/${containerId}/exec`,
      body: {
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        Tty: true,
        ConsoleSize: [rows, cols],
        Env: ['TERM=xterm-256color'],
        Cmd: toArgv(command?.trim() || defaultShell),
        ...(user && { User: user }),
      },
    }),
  );
  const body = { Detach: false, Tty: true, ConsoleSize: [rows, cols] };
  const stream = await agents.upgrade(hostId, { path: `/exec/${Id}/start`, body, signal });
  const resizer = createResizer((h, w) =>
    agents.requestJson(hostId, { method: 'POST', path: `/exec/${Id}/resize`, query: { h, w } }),
  );
  return {
    stream,
    framed: false,
    resize: resizer,
    async exitCode() {
      const answer = await agents.requestJson(hostId, { method: 'GET', path: `/exec/${Id}/json` });
      return execInspect.parse(answer).ExitCode ?? null;
    },
  };
}

async function openAttach({ agents, store }: BerthServer, query: TerminalQuery, signal: AbortSignal): Promise<Session> {
  const { hostId, containerId } = query;
  const path = `/containers/${containerId}`;
  const inspect = z
    .object({ Config: z.object({ Tty: z.boolean() }) })
    .safeParse(store.inventory.container(hostId, containerId)?.inspect);
  const tty = inspect.data?.Config.Tty ?? false;
  const stream = await agents.upgrade(hostId, {
    path: `${path}/attach`,
    query: { stream: true, stdin: true, stdout: true, stderr: true },
    signal,
  });
  const resizer = createResizer((h, w) =>
    tty ? agents.requestJson(hostId, { method: 'POST', path: `${path}/resize`, query: { h, w } }) : Promise.resolve(),
  );
  resizer({ cols: query.cols, rows: query.rows });
  return {
    stream,
    framed: !tty,
    resize: resizer,
    async exitCode() {
      const answer = await agents.requestJson(hostId, { method: 'GET', path: `${path}/json` });
      const { State } = containerInspect.parse(answer);
      return State.Running ? null : State.ExitCode;
    },
  };
}

/** Plain words run as they are, also where there is no shell; anything a shell would read is left to one. */
function toArgv(command: string): string[] {
  return /^[\w./:=@%+, -]+$/.test(command) && command !== defaultShell
    ? command.split(/ +/)
    : ['/bin/sh', '-c', command];
}

/** One resize at a time, the newest size last: two answers must not overtake each other. */
function createResizer(apply: (rows: number, cols: number) => Promise<unknown>): Session['resize'] {
  let wanted: { cols: number; rows: number } | null = null;
  let busy = false;
  const run = async (): Promise<void> => {
    busy = true;
    for (let size = wanted; size; size = wanted) {
      wanted = null;
      // A process that has ended has no terminal to resize.
      await apply(size.rows, size.cols).catch(() => {});
    }
    busy = false;
  };
  return (size) => {
    wanted = size;
    if (!busy) void run();
  };
}

function connect(socket: WebSocket, { stream, framed, resize: applySize }: Session): void {
  const readFrames = framed ? createFrameReader() : null;
  stream.on('data', (chunk: Buffer) => {
    if (socket.readyState !== socket.OPEN) return void stream.destroy();
    for (const data of readFrames ? readFrames(chunk).map((frame) => frame.data) : [chunk])
      socket.send(data, { binary: true }, () => {
        if (stream.isPaused() && socket.bufferedAmount < bufferedBytesMax / 2) stream.resume();
      });
    if (socket.bufferedAmount > bufferedBytesMax) stream.pause();
  });
  socket.on('message', (data, isBinary) => {
    if (isBinary) {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
      if (stream.writable && !stream.write(bytes)) {
        socket.pause();
        stream.once('drain', () => socket.resume());
      }
      return;
    }
    const size = readResize(String(data));
    if (size) applySize(size);
  });
  socket.once('close', () => stream.destroy());
}

function readResize(text: string) {
  try {
    return resize.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function ended(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve());
  });
}

async function audit<T>(
  { store }: BerthServer,
  user: UserView,
  query: TerminalQuery,
  work: () => Promise<T>,
): Promise<T> {
  const entry = {
    at: Date.now(),
    userEmail: user.email,
    action: query.mode,
    hostId: query.hostId,
    targetId: query.containerId,
    targetName: store.inventory.container(query.hostId, query.containerId)?.name ?? null,
  };
  try {
    const done = await work();
    store.audit.append({ ...entry, result: 'ok', message: query.command ?? '' });
    return done;
  } catch (error) {
    store.audit.append({ ...entry, result: 'failed', message: isEngineError(error) ? error.message : 'failed' });
    throw error;
  }
}
