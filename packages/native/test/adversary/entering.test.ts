/** Rows P once more: a process of ours on its way into a hostile container, as an exec is. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runtimePath } from '../../index.js';
import { slowness } from '../supervised.ts';
import { type Config, Kit, until } from './kit.ts';

const kit = new Kit();

function grant(config: Config, ...names: string[]): void {
  for (const set of ['bounding', 'effective', 'permitted']) config.process.capabilities[set].push(...names);
}

function withUserNamespace(config: Config): void {
  const maps = [{ containerID: 0, hostID: 1_500_000, size: 65_536 }];
  config.linux.namespaces.push({ type: 'user' });
  Object.assign(config.linux, { uidMappings: maps, gidMappings: maps });
}

kit.case('P3', 'the program is named through a descriptor of the runtime (CVE-2024-21626, CVE-2016-9962)', () => {
  const fds = Array.from({ length: slowness > 1 ? 15 : 61 }, (_, at) => at + 3);
  const id = kit.live();
  for (const fd of fds) {
    const there = `/proc/self/fd/${fd}`;
    for (const name of [`${there}/version`, `${there}/bin/sh`, `${there}/cgroup.procs`]) {
      const { err } = kit.call('exec', id, name);
      assert.match(err, /No such file|Not a directory/, `exec ${name} found something`);
    }
  }
  for (const fd of fds.slice(0, 20)) {
    const { id: other, bundle } = kit.make((config) => {
      config.process.args = [`/proc/self/fd/${fd}/version`];
    });
    const { err } = kit.call('run', '--bundle', bundle, other);
    assert.match(err, /No such file|Not a directory/, `run ${fd} found something`);
  }
});

kit.case('P5', 'a joining process is looked at and traced (CVE-2016-9962, CVE-2022-1227)', async (t) => {
  for (const own of [false, true]) {
    const way = own ? 'with a user namespace and CAP_SYS_PTRACE in it' : 'without a user namespace';
    const { id, bundle } = kit.make((config) => {
      if (own) withUserNamespace(config);
      if (own) grant(config, 'CAP_SYS_PTRACE');
      config.process.args = ['sh', '-c', 'exec /spy /bin/busybox > /seen'];
    });
    copyFileSync(kit.program('spy'), path.join(bundle, 'rootfs/spy'));
    if (own) spawnSync('chown', ['-R', '1500000:1500000', path.join(bundle, 'rootfs')]);
    const seen = path.join(bundle, 'rootfs/seen');
    kit.create(id, bundle);
    kit.call('start', id);
    await until(() => existsSync(seen) && readFileSync(seen, 'utf8').startsWith('looking'));
    const tries = slowness > 1 ? 8 : 40;
    for (let at = 0; at < tries; at++) {
      const { status, err } = kit.call('exec', id, 'busybox', 'sleep', '0.02');
      assert.equal(status, 0, err);
    }
    assert.equal(readFileSync(seen, 'utf8'), 'looking \n', way);
    t.diagnostic(`${tries} execs ${way}`);
    kit.call('delete', '--force', id);
  }
});

kit.case('P12', 'keys of the caller’s session, or of another container’s, are found', () => {
  const session = '-3'; // KEY_SPEC_SESSION_KEYRING
  const withCall = (config: Config) =>
    config.mounts.push({
      type: 'bind',
      source: kit.program('call'),
      destination: '/call',
      options: ['bind', 'ro'],
    });
  const [one, other] = [kit.live(withCall), kit.live(withCall)];
  const add = ['248', '@user', '@inside', '@x', '1', session];
  const search = (name: string) => ['250', '10', session, '@user', `@${name}`, '0'];
  const own = kit.call('exec', one, '/call', '64', ...add, '--', ...search('inside')).out;
  if (own.startsWith('ENOSYS')) return 'key retention (keyctl)';
  assert.match(own, /^\d+\n\d+\n$/, 'a key of its own');
  assert.equal(kit.call('exec', other, '/call', '64', ...search('inside')).out, 'ENOKEY\n');
  const keyed = (...args: string[]) =>
    spawnSync(kit.program('keyed'), args, { encoding: 'utf8', timeout: 20_000 * slowness }).stdout;
  const hosts = search('of-the-host');
  assert.match(keyed(kit.program('call'), '64', ...hosts), /^\d+\n$/, 'the operator has one');
  assert.equal(keyed(runtimePath, '--root', kit.root, 'exec', one, '/call', '64', ...hosts), 'ENOKEY\n');
  const { id, bundle } = kit.make((config) => {
    withCall(config);
    config.process.args = ['/call', '64', ...hosts];
  });
  assert.equal(keyed(runtimePath, '--root', kit.root, 'run', '--bundle', bundle, id), 'ENOKEY\n');
  return undefined;
});
