// Where the benchmark plays: a folder, a network namespace and cgroups of its own, and all of it undone at the end.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pinnedEnvironment, root } from '../setup.mjs';

/** Names everything that is made here. */
export const own = `berth-bench-${process.pid}`;
export const work = mkdtempSync(path.join(os.tmpdir(), `${own}-`));
chmodSync(work, 0o711); // roots of user namespaces walk through
const namespace = `/run/netns/${own}`;
const hugetlb = '/sys/fs/cgroup/hugetlb';
/** Undone in reverse order, whatever happens. */
export const undo = [];
let cleaned = false;

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])
  process.on(signal, () => process.exit(code));
process.on('exit', cleanUp);

export function openStage() {
  undo.push(() => rmSync(work, { recursive: true, force: true }));
  undo.push(removeCgroups);
  must('ip', ['netns', 'add', own]);
  undo.push(() => spawnSync('ip', ['netns', 'del', own]));
  must('ip', ['-n', own, 'link', 'set', 'lo', 'up']);
}

export function startInNamespace(program, args) {
  // `ip netns exec` would hide the cgroup mounts; nsenter changes the network alone.
  const child = spawn('nsenter', [`--net=${namespace}`, program, ...args], {
    cwd: root,
    env: pinnedEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.complaint = '';
  child.stderr.on('data', (chunk) => {
    child.complaint = `${child.complaint}${chunk}`.slice(-2000);
  });
  // Signals are not waited for at exit, so the end is seen by asking whether the process still is.
  undo.push(() => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    for (let tries = 0; tries < 100 && isAlive(child.pid); tries++) spawnSync('sleep', ['0.1']);
    child.kill('SIGKILL');
    for (const place of mountsBelow(work)) spawnSync('umount', [place]);
  });
  return child;
}

function isAlive(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export async function untilAnswers(ask, child, seconds = 20) {
  let last = new Error('no answer');
  for (let tries = 0; tries < seconds * 10; tries++) {
    if (child.exitCode !== null) throw new Error(`did not start: ${child.complaint}`);
    try {
      return await ask();
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`did not answer in ${seconds} s: ${last.message}`);
}

/** A program that reaches what was started in the namespace. */
export function mustInNamespace(program, args) {
  return must('nsenter', [`--net=${namespace}`, program, ...args]);
}

export function must(program, args) {
  const answer = spawnSync(program, args, {
    encoding: 'utf8',
    env: pinnedEnvironment(),
    // Not 'ignore': crun gives its input to the container's root, and /dev/null would be the host's own node.
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (answer.error !== undefined) throw answer.error;
  if (answer.status !== 0) throw new Error(`${program}: exit code ${answer.status} ${answer.stderr}`);
  return answer.stdout;
}

export function requireProgram(program) {
  const found = program.includes('/') ? existsSync(program) : spawnSync('which', [program]).status === 0;
  if (!found) throw new Error('not installed');
}

/**
 * crun and runc refuse a machine with cgroup v1 controllers and hugetlb on the v2 side alone; with an empty v1 hugetlb
 * hierarchy they work. It is mounted only there, and unmounted at the end. True when it is mounted.
 */
export function mountHugetlb() {
  const mounts = readFileSync('/proc/mounts', 'utf8');
  if (mounts.includes(` ${hugetlb} `)) return true;
  if (!/ \/sys\/fs\/cgroup\/memory cgroup /.test(mounts)) return false;
  mkdirSync(hugetlb, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'cgroup', '-o', 'hugetlb', 'cgroup', hugetlb]).status === 0;
  if (!mounted) spawnSync('rmdir', [hugetlb]);
  else {
    // In front of the list, so that it is undone after the cgroups in it are removed.
    undo.unshift(() => {
      spawnSync('umount', [hugetlb]);
      spawnSync('rmdir', [hugetlb]);
    });
  }
  return mounted;
}

export function mountsBelow(place) {
  const all = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const below = all.map((line) => line.split(' ')[1] ?? '').filter((target) => target.startsWith(`${place}/`));
  return below.reverse();
}

function removeCgroups() {
  const top = '/sys/fs/cgroup';
  const places = [top, ...readdirSync(top).map((name) => path.join(top, name))];
  for (const place of places) {
    const ours = path.join(place, own);
    if (!existsSync(ours)) continue;
    spawnSync('find', [ours, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';'], { stdio: 'ignore' });
  }
}

function cleanUp() {
  if (cleaned) return;
  cleaned = true;
  for (const action of undo.toReversed()) {
    try {
      action();
    } catch (error) {
      console.error(`clean-up: ${error.message}`);
    }
  }
}
