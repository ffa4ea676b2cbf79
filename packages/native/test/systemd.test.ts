/** A distribution's systemd as the first process of a container with a user namespace and the default capabilities. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { systemdRoot } from '../../../scripts/systemd-root.mjs';
import { makeImage, Supervised, slowness } from './supervised.ts';

const image = makeImage();
const timeout = 90_000 * Math.min(slowness, 4);
const capabilities = (
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL ' +
  'AUDIT_WRITE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'container=oci', 'SYSTEMD_COLORS=0'];
const halt = 34 + 3; // SIGRTMIN+3

after(() => {
  image.remove();
  for (const mount of ['', ...readdirSync('/sys/fs/cgroup')]) {
    const directory = path.join('/sys/fs/cgroup', mount, `berth-test-${process.pid}`);
    if (existsSync(directory)) rmdirSync(directory);
  }
});

test('systemd boots, runs its services in cgroups of its own, and halts when told', { timeout }, async (t) => {
  assert.ok(existsSync(systemdRoot), 'run `npm run setup -- --test`');
  const lower = path.join(image.directory, 'debian');
  mkdirSync(lower);
  const untar = spawnSync('tar', ['-C', lower, '--numeric-owner', '-xf', systemdRoot], { encoding: 'utf8' });
  assert.equal(untar.status, 0, untar.stderr);
  const tmpfs = (destination: string, ...options: string[]) => ({
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', ...options],
  });
  const container = new Supervised({ ...image, lower }, 'systemd', {
    args: ['/sbin/init', '--log-target=console', '--show-status=0'],
    env,
    capabilities,
    writableCgroup: true,
    terminal: true,
    mounts: [
      tmpfs('/run', 'mode=755'),
      tmpfs('/run/lock', 'mode=1777'),
      tmpfs('/tmp', 'mode=1777'),
      tmpfs('/dev/shm', 'mode=1777'),
    ],
  });
  await container.start();
  const inside = async (...args: string[]) => {
    const from = container.frames.length;
    const socket = await container.reconnect();
    const process_ = { args, env, cwd: '/', user: { uid: 0, gid: 0 }, capabilities: {}, noNewPrivileges: true };
    container.sendTo(socket, 0x07, Buffer.from(JSON.stringify({ process: process_, stdin: false })));
    await container.framesOf(1, 0x85);
    const answer = container.frames.slice(from);
    container.frames.length = 0;
    socket.destroy();
    await once(socket, 'close');
    return answer.flatMap(({ type, payload }) => (type === 0x81 || type === 0x82 ? [payload] : [])).join('');
  };
  // Its bus is there a moment after the program has begun.
  let state = '';
  for (const end = Date.now() + timeout / 2; Date.now() < end && !/^(running|degraded)$/m.test(state); )
    state = (await inside('systemctl', 'is-system-running', '--wait')).trim();
  const [is = ''] = /^(running|degraded)$/m.exec(state) ?? [];
  t.diagnostic(`systemctl is-system-running: ${is}`);
  if (is !== 'running') t.diagnostic(await inside('systemctl', '--failed', '--plain', '--no-legend', '--no-pager'));
  assert.notEqual(is, '', state);
  assert.match(await inside('cat', '/proc/1/cgroup'), /\/init\.scope$/m);
  assert.match(await inside('systemctl', 'show', '-P', 'ControlGroup', 'dbus'), /\/system\.slice\/dbus\.service/);
  const socket = await container.reconnect();
  container.sendTo(socket, 0x0c, Buffer.from('{}'));
  container.sendTo(socket, 0x06, Buffer.from(JSON.stringify({ signal: halt, all: false })));
  const { exitCode, signal } = await container.end();
  t.diagnostic(`halted: exit code ${exitCode}, signal ${signal}`);
  assert.notEqual(signal, 9);
});
