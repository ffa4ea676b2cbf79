/**
 * The failures of faults.test.ts by the command line, as other engines call it: each `stride`th call of `run`, `exec` and
 * `delete`, of the command itself and of the processes it makes, fails with EIO or is where the command is killed. The
 * error names step and cause; what an error leaves is nothing, what a kill leaves `delete --force` takes.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bundles } from './bundle.ts';
import { buildInject, EIO, isBeforeMain, stride, verbose } from './inject.ts';
import { runtimePath, slowness } from './supervised.ts';

const bundles = new Bundles();
const inject = buildInject();
const emulated = slowness > 1;
const patienceMs = 10_000;
const timeout = 1_200_000;

after(() => bundles.remove());

interface Hit {
  report: string;
  status: number | null;
  err: string;
}

/** Runs the command with the failure in it, to its end. `onKilled`: what ends its processes, once it is killed there. */
async function hit(
  line: string[],
  where: { process: number; call: number; action: 'error' | 'kill' },
  onKilled: () => void,
): Promise<Hit> {
  const report = path.join(bundles.image.directory, 'report');
  rmSync(report, { force: true });
  const how = [report, String(where.process), String(where.call), where.action === 'kill' ? 'kill' : String(EIO)];
  const child = spawn(inject, [...how, runtimePath, '--root', bundles.root, ...line], {
    env: {},
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const read = () => (existsSync(report) ? readFileSync(report, 'utf8').trim() : '');
  if (where.action === 'kill') {
    const early = await Promise.race([exited.then(() => true), hasHit(read)]);
    if (!early) onKilled();
  }
  const status = await Promise.race([exited, sleep(patienceMs, 'late' as const, { ref: false })]);
  if (status === 'late') {
    child.kill('SIGKILL');
    await exited;
    return { report: read(), status: null, err: `it took longer than ${patienceMs} ms: ${err}` };
  }
  return { report: read(), status, err };
}

async function hasHit(read: () => string): Promise<false> {
  while (read() === '') await sleep(2, undefined, { ref: false });
  await sleep(20);
  return false;
}

interface Command {
  title: string;
  /** What it is done to, made without failures. */
  prepare: () => { id: string; line: string[] };
  /** The command itself and what it makes, in the order of birth. */
  processes: string[];
  /** Whether the container is there afterwards, by the exit code. */
  leaves: (status: number | null) => boolean;
}

const commands: Command[] = [
  {
    title: 'run',
    prepare: () => {
      const { id, bundle } = bundles.make((config) => {
        config.process.args = ['true'];
        config.linux.resources = { pids: { limit: 50 } };
      });
      return { id, line: ['run', '--bundle', bundle, id] };
    },
    processes: ['the command', 'the first process'],
    leaves: () => false,
  },
  {
    title: 'exec',
    prepare: () => {
      const id = bundles.running();
      return { id, line: ['exec', id, 'true'] };
    },
    processes: ['the command', 'the helper', 'the joined process'],
    leaves: () => true,
  },
  {
    title: 'delete --force',
    prepare: () => {
      const id = bundles.running();
      return { id, line: ['delete', '--force', id] };
    },
    processes: ['the command'],
    leaves: (status) => status !== 0,
  },
];

async function attempt(command: Command, where: { process: number; call: number; action: 'error' | 'kill' }) {
  const { id, line } = command.prepare();
  const problems: string[] = [];
  const remove = () => bundles.call('delete', '--force', id);
  const { report, status, err } = await hit(line, where, remove);
  const isHit = report.startsWith('hit');
  if (err.startsWith('it took longer')) problems.push(err);
  if (isHit && where.action === 'error' && status !== 0 && !isExplained(report, err))
    problems.push(`exit code ${status}: ${JSON.stringify(err)}`);
  if (command.title === 'exec' && where.action === 'error') problems.push(...(await outlived(id)));
  // What a removal stumbled over is said, and the next one takes it.
  const mayLeave = where.action === 'kill' || command.leaves(status) || /^berth-runtime: removing /m.test(err);
  if (mayLeave) remove();
  const left = bundles.leftovers();
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  left.push(...mounts.filter((row) => row.includes(`${bundles.image.directory}/`)));
  problems.push(...left.map((what) => `left: ${what}`));
  rmSync(path.join(bundles.image.directory, id), { recursive: true, force: true });
  return { report, status, err, problems };
}

/** Processes of an exec that are there after its end. */
async function outlived(id: string): Promise<string[]> {
  let pids: number[] = [];
  for (let tries = 0; tries < 50; tries++) {
    pids = JSON.parse(bundles.call('ps', '--format', 'json', id).out);
    if (pids.length === 1) return [];
    await sleep(20);
  }
  return [`processes of the exec: ${pids.slice(1).join(' ')}`];
}

/** It names step and cause. */
function isExplained(report: string, err: string): boolean {
  return /^berth-runtime: [a-z][^:\n]*: .+/m.test(err) || isBeforeMain(report);
}

for (const command of commands)
  for (const action of ['error', 'kill'] as const)
    for (const [process_, who] of command.processes.entries())
      test(`${command.title}, ${action} at each call of ${who}`, { skip: emulated, timeout }, async (t) => {
        const failures: string[] = [];
        const outcomes = new Map<string, number>();
        let tried = 0;
        for (let call = 1; ; call += stride) {
          const { report, status, err, problems } = await attempt(command, { process: process_, call, action });
          if (verbose) console.log(command.title, action, process_, call, report, status, err.trim(), problems);
          if (report === '') break;
          tried++;
          const kind = /^berth-runtime: ([^:\n]+):/m.exec(err)?.[1] ?? `exit code ${status}`;
          outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
          if (problems.length > 0) failures.push(`call ${call} (${report}): ${problems.join('; ')}`);
        }
        t.diagnostic(`${tried} calls hit: ${[...outcomes].map(([kind, times]) => `${kind} ${times}`).join(', ')}`);
        assert.ok(tried > 0);
        assert.deepEqual(failures, []);
      });
