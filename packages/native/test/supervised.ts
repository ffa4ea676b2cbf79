/** Starts berth-runtime's supervisor as the agent does, without the agent: a socketpair at 3, a launch document at 4. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { runtimePath as builtRuntime } from '../index.js';

/** The program under test: another build of it, such as the one with sanitizers, when BERTH_TEST_RUNTIME names it. */
export const runtimePath = process.env.BERTH_TEST_RUNTIME ?? builtRuntime;
/** What a build with sanitizers must be told, however empty the environment is otherwise. */
export const runtimeEnvironment: Record<string, string> =
  process.env.BERTH_SANITIZER_REPORTS === undefined
    ? {}
    : { BERTH_SANITIZER_REPORTS: process.env.BERTH_SANITIZER_REPORTS };
export const slowness = Number(process.env.BERTH_TEST_SLOWNESS ?? 1);
const applets =
  'sh ls cat id mount hostname ps true echo sleep ip tail stat grep wc touch mkdir seq yes kill dd head'.split(' ');

export interface Image {
  lower: string;
  directory: string;
  remove(): void;
}

export function makeImage(): Image {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'berth-test-'));
  // Containers' roots are other users of the host: they walk through here.
  chmodSync(directory, 0o711);
  const lower = path.join(directory, 'lower');
  for (const name of ['bin', 'etc', 'proc', 'dev', 'sys', 'tmp'])
    mkdirSync(path.join(lower, name), { recursive: true });
  copyFileSync('/bin/busybox', path.join(lower, 'bin/busybox'));
  for (const applet of applets) symlinkSync('busybox', path.join(lower, 'bin', applet));
  writeFileSync(path.join(lower, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
  return { lower, directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

export interface SpecOptions {
  args: string[];
  userNamespace?: boolean;
  terminal?: boolean;
  resources?: object;
  readonly?: boolean;
  capabilities?: string[];
  mounts?: object[];
  writableCgroup?: boolean;
  volatile?: boolean;
  env?: string[];
  log?: { maxSizeBytes: number; maxFiles: number };
  /** Of the user namespace's ids. */
  maps?: object[];
}

export function makeSpec(id: string, options: SpecOptions): object {
  const capabilities = options.capabilities ?? ['CAP_CHOWN', 'CAP_KILL'];
  const mapping = options.maps ?? [{ containerID: 0, hostID: 1_500_000, size: 65_536 }];
  const userNamespace = options.userNamespace ?? true;
  return {
    ociVersion: '1.2.0',
    hostname: 'boxed',
    root: { path: 'rootfs', readonly: options.readonly ?? false },
    process: {
      terminal: options.terminal ?? false,
      consoleSize: { width: 91, height: 33 },
      user: { uid: 0, gid: 0 },
      args: options.args,
      env: options.env ?? ['PATH=/bin'],
      cwd: '/',
      noNewPrivileges: true,
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        permitted: capabilities,
        inheritable: [],
        ambient: [],
      },
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
      },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      {
        destination: '/sys/fs/cgroup',
        type: 'cgroup',
        source: 'cgroup',
        options: ['nosuid', 'noexec', 'nodev', options.writableCgroup === true ? 'rw' : 'ro'],
      },
      ...(options.mounts ?? []),
    ],
    linux: {
      namespaces: [...(userNamespace ? ['user'] : []), 'pid', 'mount', 'uts', 'ipc', 'network', 'cgroup'].map(
        (type) => ({ type }),
      ),
      ...(userNamespace ? { uidMappings: mapping, gidMappings: mapping } : {}),
      cgroupsPath: `/berth-test-${process.pid}/${id}`,
      resources: options.resources ?? {},
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/acpi', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

export interface Frame {
  type: number;
  payload: string;
}

export class Supervised {
  readonly frames: Frame[] = [];
  readonly child: ChildProcess;
  readonly directory: string;
  readonly #socket: net.Socket;
  readonly #waiting = new Set<() => void>();
  #ended = false;

  /** `launcher`: a program and its arguments that starts the supervisor in its turn. */
  constructor(image: Image, id: string, options: SpecOptions, launcher: string[] = []) {
    this.directory = path.join(image.directory, id);
    for (const name of ['run', 'state/layer/upper', 'state/layer/work'])
      mkdirSync(path.join(this.directory, name), { recursive: true });
    const state = path.join(this.directory, 'state');
    const launch = {
      version: 1,
      id,
      runDir: path.join(this.directory, 'run'),
      stateDir: state,
      rootfs: {
        ...{ lower: [image.lower], upper: `${state}/layer/upper`, work: `${state}/layer/work` },
        volatile: options.volatile ?? false,
      },
      log: { path: `${state}/log`, maxSizeBytes: 0, maxFiles: 1, ...options.log },
      stdin: { open: options.terminal ?? false, once: false },
      seccompFd: -1,
      spec: makeSpec(id, options),
    };
    const file = path.join(this.directory, 'launch.json');
    writeFileSync(file, JSON.stringify(launch));
    const document = openSync(file, 'r');
    const [program = runtimePath, ...args] = [...launcher, runtimePath, 'supervise'];
    this.child = spawn(program, args, {
      stdio: ['ignore', 'ignore', launcher.length === 0 ? 'inherit' : 'ignore', 'pipe', document],
      env: runtimeEnvironment,
    });
    closeSync(document);
    this.#socket = this.child.stdio[3] as net.Socket;
    this.#listen(this.#socket);
  }

  #listen(socket: net.Socket): void {
    let buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      while (buffer.length >= 8 && buffer.length >= 8 + buffer.readUInt32BE(4)) {
        const length = buffer.readUInt32BE(4);
        this.frames.push({ type: buffer[0] ?? 0, payload: buffer.subarray(8, 8 + length).toString() });
        buffer = buffer.subarray(8 + length);
      }
      for (const wake of this.#waiting) wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#ended = true;
      for (const wake of this.#waiting) wake();
    });
  }

  send(type: number, body: object = {}): void {
    this.sendTo(this.#socket, type, Buffer.from(JSON.stringify(body)));
  }

  sendTo(socket: net.Socket, type: number, payload: Buffer): void {
    const header = Buffer.alloc(8);
    header[0] = type;
    header.writeUInt32BE(payload.length, 4);
    socket.write(Buffer.concat([header, payload]));
  }

  /** The first frame of one of these types. */
  async frame(...types: number[]): Promise<Frame> {
    const [first] = await this.framesOf(1, ...types);
    assert.ok(first !== undefined);
    return first;
  }

  /** Waits for `count` frames of these types. */
  async framesOf(count: number, ...types: number[]): Promise<Frame[]> {
    for (;;) {
      const found = this.frames.filter((one) => types.includes(one.type));
      if (found.length >= count) return found;
      if (this.#ended) throw new Error(`the supervisor ended; it said ${JSON.stringify(this.frames)}`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  /** Created, attached, watched and started. */
  async start(): Promise<{ pid: number; cgroups: Record<string, string> }> {
    const created = JSON.parse((await this.frame(0x86)).payload);
    this.send(0x02, { stdin: true, stdout: true, stderr: true });
    this.send(0x0c);
    this.send(0x01);
    return created;
  }

  async end(): Promise<{ exitCode: number; signal: number; oomKilled: boolean }> {
    return JSON.parse((await this.frame(0x85)).payload);
  }

  output(): string {
    return this.frames
      .filter((one) => one.type === 0x81 || one.type === 0x82)
      .map((one) => one.payload)
      .join('');
  }

  log(): string {
    return readFileSync(path.join(this.directory, 'state/log'), 'utf8');
  }

  /** A second client, as the agent after its return. */
  reconnect(): Promise<net.Socket> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(path.join(this.directory, 'run/control.sock'), () => resolve(socket));
      socket.once('error', reject);
      this.#ended = false;
      this.#listen(socket);
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  abandon(): void {
    this.#socket.destroy();
  }

  kill(): void {
    this.send(0x06, { signal: 9, all: false });
  }
}

export async function run(
  image: Image,
  id: string,
  options: SpecOptions,
): Promise<{ output: string; exitCode: number; oomKilled: boolean; container: Supervised }> {
  const container = new Supervised(image, id, options);
  await container.start();
  const { exitCode, oomKilled } = await container.end();
  return { output: container.output(), exitCode, oomKilled, container };
}
