import { randomBytes } from 'node:crypto';
import { type CreateExecBody, createExecBody, startExecBody } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import type { Containers } from '../../engine/containers/containers.ts';
import type { ContainerRecord } from '../../engine/containers/store.ts';
import type { Events } from '../../engine/events.ts';
import { weakeningsAttribute } from '../../engine/runtime/policy.ts';
import { type SupervisorConnection, SupervisorError } from '../../engine/runtime/supervisor.ts';
import { frame } from '../../engine/runtime/supervisor-protocol.ts';
import { multiplexed } from '../frames.ts';
import { hijack, join } from '../hijack.ts';
import type { RequestContext, Route } from '../router.ts';
import { sizeOf } from './containers.ts';

/** Finished execs that can still be inspected. */
const finishedMax = 1000;
const sighup = 1;

interface Exec {
  id: string;
  container: ContainerRecord;
  body: CreateExecBody;
  running: boolean;
  started: boolean;
  exitCode: number | null;
  pid: number;
  supervisor: SupervisorConnection | null;
}

export function execRoutes(deps: { containers: Containers; events: Events }): Route[] {
  const execs = new Map<string, Exec>();

  function find(context: RequestContext): Exec {
    const exec = execs.get(context.params.id ?? '');
    if (exec === undefined) throw new EngineError('not-found', `No such exec instance: ${context.params.id}`);
    return exec;
  }

  function emit(exec: Exec, action: string, extra: Record<string, string> = {}): void {
    deps.events.append({
      type: 'container',
      action,
      actorId: exec.container.id,
      attributes: { execID: exec.id, image: exec.container.image, name: exec.container.name, ...extra },
    });
  }

  async function create(context: RequestContext): Promise<void> {
    const container = deps.containers.find(context.params.id ?? '');
    const body = createExecBody.parse(await context.json());
    if (!deps.containers.isLive(container))
      throw new EngineError('conflict', `container ${container.id} is not running`);
    if (body.Cmd.length === 0) throw new EngineError('invalid-parameter', 'No exec command specified');
    const id = randomBytes(32).toString('hex');
    forgetOldest();
    execs.set(id, { id, container, body, running: false, started: false, exitCode: null, pid: 0, supervisor: null });
    context.send(201, { Id: id });
  }

  function forgetOldest(): void {
    for (const [id, exec] of execs) {
      if (execs.size < finishedMax) return;
      if (!exec.running) execs.delete(id);
    }
  }

  async function start(context: RequestContext): Promise<void> {
    const exec = find(context);
    const options = startExecBody.parse(await context.json());
    if (exec.started) throw new EngineError('conflict', `exec ${exec.id} has already run`);
    exec.started = true;
    const [height = 0, width = 0] = options.ConsoleSize ?? exec.body.ConsoleSize ?? [];
    const size = width > 0 && height > 0 ? { width, height } : null;
    let started: Awaited<ReturnType<Containers['exec']>>;
    try {
      started = await deps.containers.exec(exec.container, exec.body, size);
    } catch (error) {
      if (!(error instanceof SupervisorError)) throw error;
      exec.exitCode = error.exitCode;
      const message = `OCI runtime exec failed: exec failed: ${error.message}`;
      if (options.Detach) throw new EngineError('invalid-parameter', message, { cause: error });
      // As dockerd: the stream says why, the exit code comes with inspect.
      const socket = hijack(context, exec.body.Tty);
      const text = Buffer.from(`${message}\r\n`);
      socket.end(exec.body.Tty ? text : multiplexed('stderr', text));
      return;
    }
    Object.assign(exec, { running: true, pid: started.pid, supervisor: started.supervisor });
    emit(exec, `exec_create: ${exec.body.Cmd.join(' ')}`, weakeningsAttribute(started.weakenings));
    emit(exec, `exec_start: ${exec.body.Cmd.join(' ')}`);
    started.supervisor.once('exit', ({ exitCode }) => {
      Object.assign(exec, { running: false, exitCode, supervisor: null });
      emit(exec, 'exec_die', { exitCode: String(exitCode) });
      started.supervisor.close();
    });
    if (options.Detach) {
      started.supervisor.release();
      context.send(200);
      return;
    }
    const socket = hijack(context, exec.body.Tty);
    await join(socket, started.supervisor, {
      isTerminal: exec.body.Tty,
      stdin: exec.body.AttachStdin,
      stdout: exec.body.AttachStdout,
      stderr: exec.body.AttachStderr,
      // The program goes on without its client, and its exit code is still wanted. One at a terminal is hung up on:
      // nobody can come back to it.
      leave: (supervisor) => {
        if (!exec.body.Tty) supervisor.endStdin();
        else supervisor.request(frame.signal, { signal: sighup, all: false }).catch(() => undefined);
      },
    });
  }

  return [
    { method: 'POST', path: '/containers/{id}/exec', handler: create },
    { method: 'POST', path: '/exec/{id}/start', handler: start },
    {
      method: 'POST',
      path: '/exec/{id}/resize',
      handler: async (context) => {
        const exec = find(context);
        if (exec.supervisor === null) throw new EngineError('conflict', `exec ${exec.id} is not running`);
        await exec.supervisor.request(frame.resize, sizeOf(context));
        context.send(200);
      },
    },
    {
      method: 'GET',
      path: '/exec/{id}/json',
      handler: (context) => {
        const exec = find(context);
        const { body } = exec;
        context.send(200, {
          ID: exec.id,
          Running: exec.running,
          ExitCode: exec.exitCode,
          ProcessConfig: {
            tty: body.Tty,
            entrypoint: body.Cmd[0],
            arguments: body.Cmd.slice(1),
            privileged: body.Privileged,
            user: body.User,
          },
          OpenStdin: body.AttachStdin,
          OpenStdout: body.AttachStdout,
          OpenStderr: body.AttachStderr,
          CanRemove: !exec.running,
          ContainerID: exec.container.id,
          DetachKeys: body.DetachKeys,
          Pid: exec.pid,
        });
      },
    },
  ];
}
