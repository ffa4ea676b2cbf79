/** A client of one supervisor's socket: requests in order, output and lifecycle frames between their answers. */
import { EventEmitter } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import net from 'node:net';
import { EngineError } from '@berth/shared/errors';
import { encodeFrame, FrameReader, frame } from './supervisor-protocol.ts';

export interface Created {
  pid: number;
  pidfsInode: string;
  supervisorPid: number;
  startedAtNs: string;
  cgroups: Record<string, string>;
}

export interface Exit {
  exitCode: number;
  signal: number;
  oomKilled?: boolean;
  startedAtNs?: string;
  finishedAtNs?: string;
}

/** Its processes wait for it much of the time: any of them, or all that are not idle. */
export interface Pressure {
  resource: 'memory' | 'cpu' | 'io';
  kind: 'some' | 'full';
}

/** What the supervisor says went wrong; `exitCode` 126 and 127 are Docker's for a program that cannot be run. */
export class SupervisorError extends Error {
  readonly exitCode: number;
  readonly errno: number;
  readonly step: string;

  constructor(told: { step: string; syscall: string; errno: number; error: string; detail: string; exitCode: number }) {
    const reason = [told.step, told.detail, told.error].filter((part) => part !== '').join(': ');
    super(reason);
    this.name = 'SupervisorError';
    this.exitCode = told.exitCode;
    this.errno = told.errno;
    this.step = told.step;
  }
}

interface SupervisorEvents {
  namespaces: [number];
  created: [Created];
  stdout: [Buffer];
  stderr: [Buffer];
  exit: [Exit];
  oom: [number];
  pressure: [Pressure];
  close: [];
  drain: [];
}

export class SupervisorConnection extends EventEmitter<SupervisorEvents> {
  readonly socket: net.Socket;
  /** The supervisor's process is gone; of one that is no child of ours: its connection. */
  readonly ended: Promise<void>;
  readonly #waiting: { resolve: (value: Record<string, unknown>) => void; reject: (error: Error) => void }[] = [];
  #earlyError: SupervisorError | null = null;
  /** Frames that came before anybody listened; null once they are passed on as they come. */
  #held: (() => void)[] | null = null;

  constructor(socket: net.Socket, ended?: Promise<void>) {
    super();
    this.socket = socket;
    this.ended = ended ?? new Promise((resolve) => socket.once('close', () => resolve()));
    const reader = new FrameReader((type, payload) => this.#handle(type, payload));
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('drain', () => this.emit('drain'));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const error = this.#earlyError ?? new EngineError('unavailable', 'the supervisor closed its connection');
      for (const one of this.#waiting.splice(0)) one.reject(error);
      this.#pass(() => this.emit('close'));
    });
  }

  /** To the socket in a container's run directory, however deep it is. */
  static connect(runDir: string): Promise<SupervisorConnection> {
    return new Promise((resolve, reject) => {
      // sun_path takes 107 bytes; the directory's descriptor makes any depth short.
      const directory = openSync(runDir, constants.O_RDONLY | constants.O_DIRECTORY);
      const socket = net.connect(`/proc/self/fd/${directory}/control.sock`);
      const connected = () => {
        settle();
        resolve(new SupervisorConnection(socket));
      };
      const failed = (error: Error) => {
        settle();
        reject(error);
      };
      // Once: by the time of a later error the number may be somebody else's.
      const settle = () => {
        socket.off('connect', connected).off('error', failed);
        closeSync(directory);
      };
      socket.on('connect', connected).on('error', failed);
    });
  }

  /** Keeps output and the end back until `release`: they may come in one piece with the answer to a request. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const pass of held) pass();
  }

  #pass(emit: () => void): void {
    if (this.#held === null) emit();
    else this.#held.push(emit);
  }

  /** Resolves with the reply. @throws SupervisorError */
  request(type: number, body: object = {}): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) {
        reject(this.#earlyError ?? new EngineError('unavailable', 'the supervisor is gone'));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.socket.write(encodeFrame(type, Buffer.from(JSON.stringify(body))));
    });
  }

  /** @returns false when the caller should wait for `drain` */
  writeStdin(chunk: Uint8Array): boolean {
    return this.socket.destroyed ? true : this.socket.write(encodeFrame(frame.stdin, chunk));
  }

  endStdin(): void {
    if (!this.socket.destroyed) this.socket.write(encodeFrame(frame.stdinClose, new Uint8Array()));
  }

  /** The first process of a new container, in its namespaces. @throws as `created` */
  namespaces(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.once('namespaces', resolve);
      this.#rejectOnClose(reject);
    });
  }

  /** The container is made up to its start. @throws SupervisorError when it could not be */
  created(): Promise<Created> {
    return new Promise((resolve, reject) => {
      this.once('created', resolve);
      this.#rejectOnClose(reject);
    });
  }

  #rejectOnClose(reject: (error: Error) => void): void {
    this.once('close', () => reject(this.#earlyError ?? new EngineError('system', 'the supervisor died')));
  }

  close(): void {
    this.socket.destroy();
  }

  #handle(type: number, payload: Buffer): void {
    switch (type) {
      case frame.stdout:
        this.#pass(() => this.emit('stdout', payload));
        return;
      case frame.stderr:
        this.#pass(() => this.emit('stderr', payload));
        return;
      case frame.reply:
        this.#waiting.shift()?.resolve(JSON.parse(payload.toString()));
        return;
      case frame.error: {
        const error = new SupervisorError(JSON.parse(payload.toString()));
        const waiting = this.#waiting.shift();
        if (waiting === undefined) this.#earlyError = error;
        else waiting.reject(error);
        return;
      }
      case frame.exit:
        this.#pass(() => this.emit('exit', JSON.parse(payload.toString())));
        return;
      case frame.namespaces:
        this.emit('namespaces', JSON.parse(payload.toString()).pid);
        return;
      case frame.created:
        this.emit('created', JSON.parse(payload.toString()));
        return;
      case frame.oom:
        this.emit('oom', JSON.parse(payload.toString()).count);
        return;
      case frame.pressure:
        this.emit('pressure', JSON.parse(payload.toString()));
        return;
    }
  }
}
