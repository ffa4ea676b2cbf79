/**
 * What an attack needs: crafted bundles, a racer, a kernel without some system calls; and what shows that it got out:
 * canaries on the host, compared after every case.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runtimePath } from '../../index.js';
import { type Answer, Bundles, type Config } from '../bundle.ts';
import { type SpecOptions, Supervised, slowness } from '../supervised.ts';
import { type Outcome, Tally } from './tally.ts';

export type { Answer, Config } from '../bundle.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
/** A race is run this often, or as long. */
const races = slowness > 1 ? { triesMax: 20, durationMs: 30_000 } : { triesMax: 200, durationMs: 10_000 };

type Sight = Record<string, string>;

export class Kit extends Bundles {
  /** A directory of the host that no container may read or change. */
  readonly canary = path.join(this.image.directory, 'canary');
  readonly #programs = new Map<string, string>();
  readonly #live: string[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #tally = new Tally();
  #before: Sight = {};
  #lacks: string[] = [];
  #supervised = 0;
  /** A container that nobody attacks. */
  #bystander: Supervised | undefined;

  constructor() {
    super();
    mkdirSync(path.join(this.canary, 'pts'), { recursive: true });
    for (const name of ['secret', 'ptmx', 'null', 'console', 'pts/0']) {
      writeFileSync(path.join(this.canary, name), `host ${name}\n`, { mode: 0o640 });
      utimesSync(path.join(this.canary, name), 1, 1);
    }
    before(async () => {
      const id = 'bystander';
      this.#bystander = new Supervised(this.image, id, { args: ['sh', '-c', 'echo mine > /mine; exec sleep 100000'] });
      await this.#bystander.start();
      await until(() => existsSync(path.join(this.image.directory, id, 'state/layer/upper/mine')));
      this.#before = this.#look();
    });
    afterEach(() => this.#compare());
    after(async () => {
      this.#bystander?.kill();
      await this.#bystander?.end();
      this.remove();
      await removeCgroups(`berth-test-${process.pid}`); // of the supervised ones
      console.log(`${this.#tally}`);
    });
  }

  /** This kernel has no such feature, so that a part of the case says nothing. */
  lacks(...features: string[]): void {
    this.#lacks.push(...features);
  }

  /** One row of the catalogue. `attack` returns the feature without which all of it does not apply here, if so. */
  case(
    row: string,
    what: string,
    attack: (t: TestContext) => string | undefined | Promise<string | undefined> | void | Promise<void>,
  ): void {
    test(`${row}: ${what}`, { timeout: 60_000 * slowness }, async (t) => {
      this.#lacks = [];
      let outcome: Outcome['outcome'] = 'got out';
      try {
        const missing = await attack(t);
        this.#compare();
        outcome = missing === undefined ? 'contained' : 'not applicable';
        if (missing !== undefined) this.lacks(missing);
        if (this.#lacks.length > 0) t.diagnostic(`not applicable: this kernel has no ${this.#lacks.join(', ')}`);
      } finally {
        this.#tally.add({ row, what, outcome, lacks: this.#lacks });
      }
    });
  }

  /** One of the C programs beside this file, static. */
  program(name: string): string {
    const built = this.#programs.get(name) ?? path.join(this.image.directory, name);
    if (!this.#programs.has(name)) {
      const gcc = spawnSync('gcc', ['-static', '-O2', '-o', built, path.join(here, `${name}.c`)], { encoding: 'utf8' });
      assert.equal(gcc.status, 0, gcc.stderr);
      this.#programs.set(name, built);
    }
    return built;
  }

  /** The runtime's command line on a kernel that lacks these system calls, by number. */
  callWithout(calls: number[], ...args: string[]): Answer {
    const line = [calls.join(','), runtimePath, '--root', this.root, ...args];
    const answer = spawnSync(this.program('without'), line, { env: {}, encoding: 'utf8', timeout: 20_000 * slowness });
    return { status: answer.status, out: answer.stdout, err: answer.stderr };
  }

  /** A container that runs until the end of the case. */
  live(change?: (config: Config) => void): string {
    const id = this.running(change);
    this.#live.push(id);
    return id;
  }

  /** A container that stops before its program until the end of the case. */
  create(id: string, bundle: string): void {
    const line = ['--root', this.root, 'create', '--bundle', bundle, id];
    this.#live.push(id);
    assert.equal(spawnSync(runtimePath, line, { stdio: 'ignore' }).status, 0);
  }

  /** A container with a supervisor, as the agent starts it, until `attack` is over. */
  async supervised(
    options: SpecOptions,
    attack: (container: Supervised, init: number, supervisor: number) => void | Promise<void>,
  ): Promise<void> {
    const container = new Supervised(this.image, `supervised-${this.#supervised++}`, options);
    const { pid } = await container.start();
    try {
      // Until it has executed its program, it is the runtime itself, with the gate open.
      await until(
        () =>
          readlinkSync(`/proc/${pid}/exe`) !== '/memfd:berth-runtime (deleted)' &&
          readFileSync(`/proc/${pid}/comm`, 'utf8') !== 'berth-super\n',
      );
      await attack(container, pid, container.child.pid ?? 0);
    } finally {
      if (container.child.exitCode === null) {
        const ended = new Promise((resolve) => container.child.once('exit', resolve));
        container.kill();
        await ended;
      }
    }
  }

  supervise(name: string, options: SpecOptions, launcher: string[] = []): Supervised {
    return new Supervised(this.image, name, options, launcher);
  }

  /** Does `attempt` again and again while two names are exchanged. Returns how often it was done. */
  async race(one: string, other: string, attempt: (tries: number) => void): Promise<number> {
    const racer = spawn(this.program('racer'), [one, other], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.push(racer);
    await once(racer.stdout, 'data');
    const end = Date.now() + races.durationMs;
    let tries = 0;
    try {
      for (; tries < races.triesMax && Date.now() < end; tries++) attempt(tries);
    } finally {
      racer.kill('SIGKILL');
      await once(racer, 'exit');
    }
    return tries;
  }

  /** A race that nobody ever gets through shows little; of the few tries of an emulated machine none may. */
  static someStarted(started: number): void {
    assert.ok(started > 0 || slowness > 1);
  }

  /** A row of mountinfo for each mount inside, as the program of a container sees it: mount point to its row. */
  static mounts(mountinfo: string): Map<string, string> {
    return new Map(
      mountinfo
        .split('\n')
        .filter((line) => line.includes(' - '))
        .map((line) => [line.split(' ')[4] ?? '', line]),
    );
  }

  #compare(): void {
    for (const id of this.#live.splice(0)) this.call('delete', '--force', id);
    assert.deepEqual(this.#look(), this.#before, 'the canaries');
    assert.deepEqual(this.leftovers(), []);
  }

  #look(): Sight {
    return {
      ...tree('canary', this.canary),
      ...hashes(),
      ...host(),
      ...this.#besides(),
      mounts: this.#mounts(),
      nftables: ruleset(),
    };
  }

  /** The other container: its supervisor's descriptors, its process and its file. */
  #besides(): Sight {
    const pid = this.#bystander?.child.pid ?? 0;
    const mine = path.join(this.image.directory, 'bystander/state/layer/upper/mine');
    return {
      'a supervisor': descriptors(pid).join(' '),
      'its container': readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'),
      ...tree('its root', path.dirname(mine)),
    };
  }

  /** The host's mounts; not those that others put into temporary folders and for network namespaces meanwhile. */
  #mounts(): string {
    return readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ').slice(2).join(' '))
      .filter((line) => {
        const point = line.split(' ')[2] ?? '';
        return point.startsWith(this.image.directory) || !/^\/(tmp|run\/netns|run\/docker)\b/.test(point);
      })
      .sort()
      .join('\n');
  }
}

export async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done(); tries++) {
    assert.ok(tries < 500 * slowness, `${done}`);
    await setTimeout(20);
  }
}

/** The supervisor of the bystander says its end, and then removes its own. */
async function removeCgroups(name: string): Promise<void> {
  for (const mount of ['', ...readdirSync('/sys/fs/cgroup')]) {
    const directory = path.join('/sys/fs/cgroup', mount, name);
    await until(() => !existsSync(path.join(directory, 'bystander')));
    if (existsSync(directory) && !others(directory)) rmdirSync(directory);
  }
}

/** What a test agent of this process still has there goes with it. */
function others(directory: string): boolean {
  return readdirSync(directory, { withFileTypes: true }).some((one) => one.isDirectory());
}

function digest(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** Content, inode, mode, owner and time of all that is in a directory. */
function tree(label: string, directory: string): Sight {
  const seen: Sight = {};
  for (const name of ['.', ...readdirSync(directory, { recursive: true, encoding: 'utf8' })].sort()) {
    const at = lstatSync(path.join(directory, name), { bigint: true });
    const content = at.isFile() ? digest(path.join(directory, name)) : '';
    seen[`${label} ${name}`] = `${at.ino} ${at.mode} ${at.uid}:${at.gid} ${at.rdev} ${at.mtimeNs} ${content}`;
  }
  return seen;
}

function hashes(): Sight {
  const addon = path.join(path.dirname(runtimePath), 'Release');
  const ours = [
    runtimePath,
    ...readdirSync(addon).flatMap((name) => (name.endsWith('.node') ? path.join(addon, name) : [])),
  ];
  return Object.fromEntries(ours.map((file) => [file, digest(file)]));
}

/** Settings and devices of the host that the known attacks aim at. */
function host(): Sight {
  const files =
    'kernel/core_pattern kernel/modprobe kernel/hostname kernel/sysrq vm/overcommit_memory net/ipv4/ip_forward'.split(
      ' ',
    );
  const seen = Object.fromEntries(
    files.map((name) => [name, existsSync(`/proc/sys/${name}`) ? readFileSync(`/proc/sys/${name}`, 'utf8') : '']),
  );
  for (const name of ['/dev/null', '/dev/ptmx', '/dev/console', '/etc', '/etc/passwd']) {
    const at = lstatSync(name, { throwIfNoEntry: false });
    seen[name] = `${at?.ino} ${at?.mode} ${at?.uid} ${at?.rdev}`;
  }
  return seen;
}

/** Not the tables of agents that run on this machine meanwhile. */
function ruleset(): string {
  const answer = spawnSync('nft', ['list', 'ruleset'], { encoding: 'utf8' });
  return (answer.stdout ?? '').replace(/^table \S+ \S*berth[\s\S]*?^}\n/gm, '');
}

/** What a process has open, without standard streams and the triggers that a supervisor opens after a second. */
export function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .filter((fd) => Number(fd) > 2)
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/\d+/g, 'N')];
      } catch {
        return []; // closed while we looked
      }
    })
    .filter((name) => !name.endsWith('.pressure'))
    .sort();
}
