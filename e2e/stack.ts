// The tested stack: the real dashboard and real agents, each with data and run directories of its own. Everything is
// made for one run and removed after it: processes, directories, links, network namespaces, cgroups, nftables tables.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = path.resolve(import.meta.dirname, '..');
const node = path.join(root, 'node_modules/.bin/node');
const agentMain = path.join(root, 'apps/agent/src/main.ts');
const starterScript = path.join(root, 'scripts/starter-image.mjs');
/** Distinguishes this run's names from those of another on the same machine; short, for interface names. */
const run = process.pid.toString(36);

export const administrator = { email: 'admin@example.test', password: 'correct horse battery staple' };

export interface Agent {
  readonly name: string;
  readonly socketPath: string;
  /** Where its containers live. */
  readonly subnet: string;
  /** Joins the dashboard with a token; the agent need not run. */
  enrol(token: string): Promise<void>;
  start(): Promise<void>;
  /** As a crash: no chance to tidy up. */
  kill(): Promise<void>;
  docker(...args: string[]): string;
  /** Takes away all that bears the agent's name, also after a crash; a second call waits for the first. */
  destroy(): Promise<void>;
}

export interface Stack {
  readonly url: string;
  readonly agent: Agent;
  /** A tarball of busybox:latest. */
  readonly starterImage: string;
  readonly directory: string;
  /** A further agent, alone in a network namespace from which it reaches the dashboard; not enrolled yet. */
  addAgent(name: string): Promise<Agent>;
  killWeb(): Promise<void>;
  startWeb(): Promise<void>;
  stop(): Promise<void>;
}

export async function startStack(): Promise<Stack> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'berth-e2e-'));
  const starterImage = path.join(directory, 'starter-image.tar');
  execFileSync(node, [starterScript, starterImage]);
  const port = await freePort();
  const tokenFile = path.join(directory, 'enrol-token');
  const agents: Agent[] = [];
  let web: ChildProcess | undefined;

  const startWeb = async () => {
    const environment = {
      PORT: String(port),
      HOST: '0.0.0.0',
      BERTH_DATA_DIR: path.join(directory, 'web'),
      BERTH_ADMIN_EMAIL: administrator.email,
      BERTH_ADMIN_PASSWORD: administrator.password,
      BERTH_LOCAL_ENROLL_FILE: tokenFile,
      NODE_ENV: 'production',
    };
    const log = path.join(directory, 'web.log');
    web = launch([path.join(root, 'apps/web/server.ts')], log, environment);
    await until(web, log, () => answers({ host: '127.0.0.1', port, path: '/api/health' }));
  };
  const stop = () =>
    inAnyCase([
      ...agents.map((agent) => () => agent.destroy()),
      () => end(web, 'SIGTERM'),
      () => {
        if (process.env.BERTH_E2E_KEEP === undefined) rmSync(directory, { recursive: true, force: true });
      },
    ]);

  try {
    mkdirSync(path.join(directory, 'web'));
    await startWeb();
    const url = `http://127.0.0.1:${port}`;
    const agent = createAgent({ name: 'local', directory, url, index: 0 });
    agents.push(agent);
    await agent.enrol(readFileSync(tokenFile, 'utf8').trim());
    await agent.start();
    return {
      url,
      agent,
      starterImage,
      directory,
      addAgent: async (name) => {
        const index = agents.length;
        const network = makeNetwork(index);
        const further = createAgent({
          name,
          directory,
          url: `http://${network.dashboardAddress}:${port}`,
          index,
          network,
        });
        agents.push(further);
        return further;
      },
      killWeb: () => end(web, 'SIGKILL'),
      startWeb,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Network {
  namespace: string;
  dashboardAddress: string;
  remove(): void;
}

/** A network namespace with one cable to this one: what a second machine would be. */
function makeNetwork(index: number): Network {
  const namespace = `berth-e2e-${run}-${index}`;
  const here = `bt${run}h${index}`;
  const there = `bt${run}t${index}`;
  // A block of four for each, from the addresses that are set aside for tests between networks (RFC 2544).
  const [ours, theirs] = [1, 2].map((last) => `198.18.77.${index * 4 + last}`);
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const remove = () => {
    spawnSync('ip', ['link', 'del', here]);
    spawnSync('ip', ['netns', 'del', namespace]);
  };
  try {
    ip('netns', 'add', namespace);
    ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', namespace);
    ip('address', 'add', `${ours}/30`, 'dev', here);
    ip('link', 'set', here, 'up');
    ip('-n', namespace, 'address', 'add', `${theirs}/30`, 'dev', there);
    ip('-n', namespace, 'link', 'set', there, 'up');
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    ip('-n', namespace, 'route', 'add', 'default', 'via', `${ours}`);
  } catch (error) {
    remove();
    throw error;
  }
  return { namespace, dashboardAddress: `${ours}`, remove };
}

interface AgentOptions {
  name: string;
  directory: string;
  url: string;
  /** Numbers the agents of a run, for names and subnets that don't meet. */
  index: number;
  network?: Network;
}

function createAgent({ name, directory, url, index, network }: AgentOptions): Agent {
  const home = path.join(directory, name);
  const dataDir = path.join(home, 'data');
  const runDir = path.join(home, 'run');
  const socketPath = path.join(runDir, 'docker.sock');
  const log = path.join(directory, `${name}.log`);
  const cgroupParent = `berth-e2e-${run}-${index}`;
  const bridge = `bt${run}b${index}`;
  const subnet = `10.213.${77 + index}.0/24`;
  // nsenter, not `ip netns exec`, which would hide the cgroup mounts.
  const prefix = network === undefined ? [] : ['nsenter', `--net=/run/netns/${network.namespace}`];
  let serving: ChildProcess | undefined;
  let destroyed: Promise<void> | undefined;

  const docker = (...args: string[]) =>
    execFileSync('docker', ['-H', `unix://${socketPath}`, ...args], { encoding: 'utf8', timeout: 60_000 }).trim();
  const start = async () => {
    const limits = ['--cgroup-parent', cgroupParent, '--bridge', bridge, '--subnet', subnet];
    serving = launch([agentMain, 'serve', '--data-dir', dataDir, '--run-dir', runDir, ...limits], log, {}, prefix);
    await until(serving, log, () => answers({ socketPath, path: '/_ping', headers: { host: 'docker' } }));
  };
  return {
    name,
    socketPath,
    subnet,
    docker,
    start,
    enrol: async (token) => {
      const args = [agentMain, 'enroll', '--data-dir', dataDir, '--url', url, '--token', token];
      const enrolling = launch(args, log, {}, prefix);
      const code = await ended(enrolling);
      if (code !== 0) throw new Error(`enroll ended with ${code}\n${readFileSync(log, 'utf8')}`);
    },
    kill: () => end(serving, 'SIGKILL'),
    destroy: () => {
      destroyed ??= inAnyCase([
        async () => {
          if (serving === undefined) return;
          if (serving.exitCode !== null || serving.signalCode !== null) await start();
          const ids = docker('ps', '--all', '--quiet').split('\n').filter(Boolean);
          if (ids.length > 0) docker('rm', '--force', '--volumes', ...ids);
        },
        () => end(serving, 'SIGTERM'),
        () => {
          // With the namespace go the links and tables inside it.
          if (network !== undefined) return network.remove();
          spawnSync('ip', ['link', 'del', bridge]);
          for (const table of tablesOf(bridge)) spawnSync('nft', ['delete', 'table', ...table]);
        },
        () => removeCgroups(cgroupParent),
      ]);
      return destroyed;
    },
  };
}

/** Runs every step, whatever became of those before it, and then tells the first failure. */
async function inAnyCase(steps: (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** nftables tables whose name or content names this agent's bridge. */
function tablesOf(bridge: string): [family: string, name: string][] {
  const listing = spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' }).stdout ?? '';
  return listing
    .split('\n')
    .map((line): [string, string] => [line.split(' ')[1] ?? '', line.split(' ')[2] ?? ''])
    .filter(([, name]) => name.startsWith('berth'))
    .filter(([family, name]) =>
      spawnSync('nft', ['list', 'table', family, name], { encoding: 'utf8' }).stdout.includes(bridge),
    );
}

function removeCgroups(name: string): void {
  const top = '/sys/fs/cgroup';
  for (const place of [top, ...readdirSync(top).map((entry) => path.join(top, entry))]) {
    const ours = path.join(place, name);
    if (existsSync(ours)) spawnSync('find', [ours, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
  }
}

// ---- processes

function launch(args: string[], log: string, environment: NodeJS.ProcessEnv, prefix: string[] = []): ChildProcess {
  const [program = node, ...rest] = [...prefix, node, '--disable-warning=ExperimentalWarning', ...args];
  const output = openSync(log, 'a');
  const env = { ...process.env, PATH: `${path.join(root, 'node_modules/.bin')}:${process.env.PATH}`, ...environment };
  const child = spawn(program, rest, { cwd: root, env, stdio: ['ignore', output, output] });
  closeSync(output);
  return child;
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once('exit', (code) => resolve(code));
  });
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const done = ended(child);
  child.kill(signal);
  const late = AbortSignal.timeout(10_000);
  late.addEventListener('abort', () => child.kill('SIGKILL'));
  await done;
}

async function until(child: ChildProcess, log: string, ready: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300 && child.exitCode === null && child.signalCode === null; tries++) {
    if (await ready()) return;
    await sleep(100);
  }
  throw new Error(`not ready:\n${readFileSync(log, 'utf8').split('\n').slice(-30).join('\n')}`);
}

function answers(options: http.RequestOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = http.get({ timeout: 2000, ...options }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
