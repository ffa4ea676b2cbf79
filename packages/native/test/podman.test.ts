/** Another engine, podman from Debian, with berth-runtime in place of its own runtime. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { runtimePath } from '../index.js';
import { makeImage, slowness } from './supervised.ts';

const image = makeImage();
const place = path.join(image.directory, 'podman');
/** Where berth-runtime keeps its state when nobody says otherwise. */
const state = '/run/berth-runtime';
const wasThere = existsSync(state);
const timeout = 60_000 * slowness;
/** What a machine without systemd, and with low hard limits, needs of podman. */
const limits = ['--network=none', '--ulimit=nofile=512:512', '--ulimit=nproc=512:512', '--cgroup-parent=berth-podman'];

function podman(...args: string[]) {
  const base = ['--root', `${place}/root`, '--runroot', `${place}/run`, '--tmpdir', `${place}/tmp`];
  const options = [...base, '--cgroup-manager=cgroupfs', '--events-backend=file', '--runtime', runtimePath];
  const answer = spawnSync('podman', [...options, ...args], { encoding: 'utf8', timeout });
  return { status: answer.status, out: answer.stdout, err: answer.stderr };
}

function ok(...args: string[]): string {
  const { status, out, err } = podman(...args);
  assert.equal(status, 0, `podman ${args.join(' ')}: ${err}`);
  return out.trim();
}

before(() => {
  mkdirSync(place);
  const archive = path.join(place, 'image.tar');
  assert.equal(spawnSync('tar', ['-C', image.lower, '-cf', archive, '.']).status, 0);
  ok('import', archive, 'boxed:latest');
});

after(() => {
  podman('rm', '--all', '--force', '--time', '0');
  // Its storage mounts itself where it lives.
  const below = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((mount) => mount.startsWith(place));
  for (const mount of below.reverse()) spawnSync('umount', [mount]);
  rmSync(place, { recursive: true, force: true });
  image.remove();
  if (!wasThere) rmSync(state, { recursive: true, force: true });
  for (const mount of ['', ...readdirSync('/sys/fs/cgroup')])
    for (const name of ['berth-podman/conmon', 'berth-podman']) {
      const directory = path.join('/sys/fs/cgroup', mount, name);
      if (existsSync(directory)) spawnSync('rmdir', [directory]);
    }
});

test('run passes output and exit codes, and says what cannot be run', { timeout }, () => {
  const answer = podman('run', '--rm', ...limits, 'boxed', 'sh', '-c', 'id -u; echo wrong >&2; exit 7');
  assert.deepEqual([answer.status, answer.out, answer.err], [7, '0\n', 'wrong\n']);
  assert.equal(podman('run', '--rm', ...limits, 'boxed', '/bin/nothing').status, 127);
  assert.equal(podman('run', '--rm', ...limits, 'boxed', '/etc/passwd').status, 126);
});

test('a container runs, is entered, checked, paused, stopped and removed', { timeout }, () => {
  ok('run', '--detach', '--name', 'box', '--memory', '64m', ...limits, 'boxed', 'sleep', '1000');
  assert.equal(ok('inspect', '--format', '{{.State.Status}} {{.OCIRuntime}}', 'box'), `running ${runtimePath}`);
  assert.equal(ok('exec', '--user', '5', 'box', 'id', '-u'), '5');
  assert.equal(podman('exec', 'box', 'sh', '-c', 'exit 9').status, 9);
  const terminal = podman('exec', '--tty', 'box', 'sh', '-c', 'test -t 1 && echo terminal');
  assert.equal(terminal.out.trim(), 'terminal', terminal.err);
  assert.match(ok('top', 'box'), /sleep 1000/);
  ok('pause', 'box');
  assert.equal(ok('inspect', '--format', '{{.State.Status}}', 'box'), 'paused');
  ok('unpause', 'box');
  ok('stop', '--time', '1', 'box');
  assert.equal(ok('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'box'), 'exited 137');
  ok('start', 'box');
  ok('kill', 'box');
  ok('rm', '--force', '--time', '0', 'box');
  assert.equal(ok('ps', '--all', '--quiet'), '');
});

test('a health check runs in the container', { timeout }, () => {
  ok('run', '--detach', '--name', 'well', '--health-cmd', 'test -e /tmp', ...limits, 'boxed', 'sleep', '1000');
  assert.equal(podman('healthcheck', 'run', 'well').status, 0);
  ok('exec', 'well', 'sh', '-c', 'mkdir /gone; kill -0 1');
  ok('rm', '--force', '--time', '0', 'well');
});
