/** A real agent in a network namespace of its own, for the tests of its API; everything of it goes with `remove`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

const root = path.resolve(import.meta.dirname, '../../../..');
const slowness = Number(process.env.BERTH_TEST_SLOWNESS ?? 1);

export class TestAgent {
  readonly directory = mkdtempSync(path.join(os.tmpdir(), 'berth-test-'));
  /** Of its network namespace and its cgroups. */
  readonly name = `berth-test-${process.pid}`;
  readonly socket = path.join(this.directory, 'run/docker.sock');
  #process: ChildProcess | null = null;

  constructor() {
    spawnSync('ip', ['netns', 'add', this.name]);
    this.inNamespace('ip', 'link', 'set', 'lo', 'up');
  }

  /** Of the agent. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  inNamespace(...args: string[]) {
    return spawnSync('nsenter', [`--net=/run/netns/${this.name}`, ...args], { encoding: 'utf8', timeout: 10_000 });
  }

  /** `launcher`: a program and its arguments that executes the agent in its turn. */
  async start(launcher: string[] = []): Promise<void> {
    rmSync(this.socket, { force: true });
    const program = path.join(root, 'apps/agent/bin/berth-agent');
    const places = ['--data-dir', path.join(this.directory, 'data'), '--run-dir', path.join(this.directory, 'run')];
    const image = path.join(root, '.setup/starter-image.tar');
    const options = ['--standalone', ...places, '--cgroup-parent', this.name, '--starter-image', image];
    this.#process = spawn('nsenter', [`--net=/run/netns/${this.name}`, ...launcher, program, 'serve', ...options], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    for (let tries = 0; tries < 200 * slowness; tries++) {
      if (existsSync(this.socket) && this.docker('version').status === 0) return;
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) break;
      await setTimeout(50);
    }
    throw new Error('the agent did not come up');
  }

  /** nsenter executes the agent in its own place: the signal reaches it. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const process_ = this.#process;
    if (process_ === null || process_.exitCode !== null || process_.signalCode !== null) return;
    const ended = new Promise((resolve) => process_.once('exit', resolve));
    process_.kill(signal);
    await ended;
  }

  docker(...args: string[]): { status: number | null; out: string; err: string } {
    const options = { encoding: 'utf8', timeout: 60_000 * slowness } as const;
    const answer = spawnSync('docker', ['-H', `unix://${this.socket}`, ...args], options);
    return { status: answer.status, out: answer.stdout, err: answer.stderr };
  }

  /** A request as it is, which the CLI would not send. */
  ask(
    method: string,
    target: string,
    body = '',
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: http.IncomingHttpHeaders; text: string }> {
    return new Promise((resolve, reject) => {
      const request = http.request({ socketPath: this.socket, method, path: target, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      });
      request.setHeader('content-type', 'application/json');
      for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
      // The agent may answer and hang up before it has read everything.
      request.on('error', (error) => ('code' in error && error.code === 'EPIPE' ? undefined : reject(error)));
      request.end(body);
    });
  }

  /** Ids of what is left in the cgroups of this agent. */
  cgroups(): string[] {
    return ['', ...readdirSync('/sys/fs/cgroup')].flatMap((mount) => {
      const parent = path.join('/sys/fs/cgroup', mount, this.name);
      if (!existsSync(parent)) return [];
      return readdirSync(parent, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name);
    });
  }

  /** With all its containers. */
  async stop(): Promise<void> {
    const ids = this.docker('ps', '--all', '--quiet').out.split('\n').filter(Boolean);
    if (ids.length > 0) this.docker('rm', '--force', '--volumes', ...ids);
    await this.end('SIGTERM');
  }

  async remove(): Promise<void> {
    await this.stop();
    spawnSync('ip', ['netns', 'del', this.name]);
    for (const mount of ['', ...readdirSync('/sys/fs/cgroup')]) {
      const parent = path.join('/sys/fs/cgroup', mount, this.name);
      if (existsSync(parent)) spawnSync('rmdir', [parent]);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}
