/**
 * Failures at every system call of create, exec and delete: fuzz/inject.c lets the k-th call of the supervisor, of the
 * container's first process or of an exec's processes fail with EIO, or kills the supervisor there. Whatever is hit,
 * the answer names the step and the cause, or the call did not matter; and nothing is left behind.
 *
 * By default every few calls are tried; BERTH_TEST_FAULTS=all tries each.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildInject, EIO, isBeforeMain, stride, verbose } from './inject.ts';
import { type Frame, makeImage, Supervised, slowness } from './supervised.ts';

const inject = buildInject();
const image = makeImage();
const parent = `berth-test-${process.pid}`;
const emulated = slowness > 1;
const SYS_SENDTO = 44;
const SYS_RECVFROM = 45;
const patienceMs = 5000;

after(() => {
  image.remove();
  for (const directory of cgroupsNamed('')) rmdirSync(directory);
});

function cgroupsNamed(id: string): string[] {
  return ['', ...readdirSync('/sys/fs/cgroup')]
    .map((mount) => path.join('/sys/fs/cgroup', mount, parent, id))
    .filter((directory) => existsSync(directory));
}

function processesIn(id: string): number[] {
  const [directory] = cgroupsNamed(id);
  if (directory === undefined) return [];
  return readFileSync(path.join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
}

interface Case {
  /** 0: the supervisor, 1: the first process of the container, then an exec's. */
  process: number;
  call: number;
  action: 'error' | 'kill';
  /** Calls count from here on; without it from the supervisor's execve. */
  from?: (container: Supervised) => Promise<void>;
  /** What is done then, up to the answer. */
  act: (container: Supervised) => Promise<void>;
}

interface Outcome {
  hit: string;
  /** The answers to what was done. */
  frames: Frame[];
  problems: string[];
}

let count = 0;

async function attempt(one: Case): Promise<Outcome> {
  const id = `f${count++}`;
  const report = path.join(image.directory, `${id}.report`);
  const call = one.from === undefined ? one.call : -one.call;
  const action = one.action === 'kill' ? 'kill' : String(EIO);
  const container = new Supervised(image, id, { args: ['sleep', '1000'], resources: { pids: { limit: 50 } } }, [
    inject,
    report,
    String(one.process),
    String(call),
    action,
  ]);
  const exited = new Promise<void>((resolve) => container.child.once('exit', () => resolve()));
  const problems: string[] = [];
  const inTime = async (what: string, promise: Promise<unknown>) => {
    const outcome = await Promise.race([promise.catch(() => 'ended'), sleep(patienceMs, 'late', { ref: false })]);
    if (outcome === 'late') problems.push(`${what} took longer than ${patienceMs} ms`);
  };
  if (one.from !== undefined) {
    await one.from(container);
    container.frames.length = 0;
    process.kill(container.child.pid ?? 0, 'SIGUSR1');
    await sleep(2);
  }
  await inTime('the answer', one.act(container));
  const frames = [...container.frames];
  container.abandon();
  if (one.from !== undefined) await stop(container, id);
  await inTime('the end of its processes', exited);
  container.child.kill('SIGKILL');
  const hit = existsSync(report) ? readFileSync(report, 'utf8').trim() : '';
  if (hit.startsWith('hit') && one.action === 'error') problems.push(...unexplained(hit, frames));
  problems.push(...(await leftBy(container, id, one)));
  rmSync(container.directory, { recursive: true, force: true });
  rmSync(report, { force: true });
  return { hit, frames, problems };
}

/** Ends a container that was left running; its supervisor may be gone, and the connection may be what fails. */
async function stop(container: Supervised, id: string): Promise<void> {
  for (let tries = 0; tries < 3 && container.child.exitCode === null; tries++) {
    try {
      const socket = await container.reconnect();
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      for (const all of [true, false]) container.sendTo(socket, 0x06, Buffer.from(JSON.stringify({ signal: 9, all })));
      container.sendTo(socket, 0x0c, Buffer.from('{}'));
      await Promise.race([closed, sleep(patienceMs, undefined, { ref: false })]);
    } catch {
      // A started container outlives its supervisor; the agent ends it by its cgroup, in which all of it must be.
      for (let rounds = 0; rounds < 50 && container.child.exitCode === null; rounds++) {
        for (const pid of processesIn(id)) process.kill(pid, 'SIGKILL');
        await sleep(10);
      }
      return;
    }
  }
}

/** An error without its step and cause, or no answer at all. */
function unexplained(hit: string, frames: Frame[]): string[] {
  const [, number, first] = hit.split(' ');
  const answer = frames.find((one) => [0x83, 0x84, 0x85, 0x86].includes(one.type));
  if (answer === undefined && isBeforeMain(hit)) return [];
  // The connection itself failed: there is no way to say so.
  if (answer === undefined)
    return [SYS_SENDTO, SYS_RECVFROM].includes(Number(number)) && first === '0x3' ? [] : ['there was no answer'];
  if (answer.type !== 0x84) return [];
  const { step, syscall, errno, detail } = JSON.parse(answer.payload);
  return step !== '' && errno === EIO && syscall !== '' ? [] : [`the error was ${step}: ${syscall} ${errno} ${detail}`];
}

async function leftBy(container: Supervised, id: string, one: Case): Promise<string[]> {
  const left: string[] = [];
  const killed = one.action === 'kill';
  for (const directory of cgroupsNamed(id)) {
    // Nobody was there any more to remove them; the agent does, and can: they are empty.
    if (!killed) left.push(`cgroup ${directory}`);
    if (readFileSync(path.join(directory, 'cgroup.procs'), 'utf8') !== '') left.push(`processes in ${directory}`);
    for (let tries = 0; tries < 100 && existsSync(directory); tries++) {
      try {
        rmdirSync(directory);
      } catch {
        await sleep(20); // what was killed is not gone at once
      }
    }
  }
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  left.push(...mounts.filter((line) => line.includes(`${image.directory}/${id}/`)).map((line) => `mount ${line}`));
  const allowed = killed ? ['control.sock', 'pid.json', '.pid.json.tmp'] : one.from === undefined ? [] : ['pid.json'];
  const run = readdirSync(path.join(container.directory, 'run')).filter((name) => !allowed.includes(name));
  left.push(...run.map((name) => `run/${name}`));
  const durable = ['layer', 'log', 'exit.json', ...(killed ? ['.exit.json.tmp'] : [])];
  const state = readdirSync(path.join(container.directory, 'state')).filter((name) => !durable.includes(name));
  left.push(...state.map((name) => `state/${name}`));
  return left.map((what) => `left: ${what}`);
}

/** Every `stride`th call until one is beyond the last. */
async function sweep(title: string, base: Omit<Case, 'call'>): Promise<void> {
  const failures: string[] = [];
  const answers = new Map<string, number>();
  let tried = 0;
  for (let call = 1; ; call += stride) {
    const { hit, frames, problems } = await attempt({ ...base, call });
    if (verbose) console.log(title, call, hit, frames.map((one) => `${one.type} ${one.payload}`).join(' '), problems);
    if (hit === '') break;
    tried++;
    const answer = frames.find((one) => one.type === 0x84);
    const kind = answer === undefined ? 'no error' : JSON.parse(answer.payload).step;
    answers.set(kind, (answers.get(kind) ?? 0) + 1);
    if (problems.length > 0) failures.push(`call ${call} (${hit}): ${problems.join('; ')}`);
  }
  const told = [...answers].map(([kind, times]) => `${kind} ${times}`).join(', ');
  console.log(`${title}: ${tried} calls hit: ${told}`);
  assert.ok(tried > 0);
  assert.deepEqual(failures, []);
}

const created = async (container: Supervised) => void (await container.frame(0x86, 0x84));
const running = async (container: Supervised) => {
  await container.start();
  await container.framesOf(3, 0x83);
};
const exec = async (container: Supervised) => {
  const process_ = { args: ['true'], env: ['PATH=/bin'], cwd: '/', user: { uid: 0, gid: 0 }, noNewPrivileges: true };
  container.send(0x07, { process: process_, stdin: false });
  const answer = await container.frame(0x83, 0x84);
  if (answer.type === 0x83) await container.frame(0x85);
};
const ended = async (container: Supervised) => {
  container.send(0x06, { signal: 9, all: false });
  await container.frame(0x85, 0x84);
};
const timeout = 1_200_000;

for (const action of ['error', 'kill'] as const) {
  for (const [process_, who] of ['the supervisor', 'the first process'].entries())
    test(`create, ${action} at each call of ${who}`, { skip: emulated, timeout }, () =>
      sweep(`create, ${action}, ${who}`, { process: process_, action, act: created }),
    );
  for (const [process_, who] of [
    [0, 'the supervisor'],
    [2, 'the helper'],
    [3, 'the joined process'],
  ] as const)
    test(`exec, ${action} at each call of ${who}`, { skip: emulated, timeout }, () =>
      sweep(`exec, ${action}, ${who}`, { process: process_, action, from: running, act: exec }),
    );
  test(`delete, ${action} at each call of the supervisor`, { skip: emulated, timeout }, () =>
    sweep(`delete, ${action}`, { process: 0, action, from: running, act: ended }),
  );
}
