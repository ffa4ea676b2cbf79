/** Rows K on resources and rows X10, X11: what takes more than it was given, and limits that change meanwhile. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runtimePath, Sampler, sampleFields } from '../../index.js';
import { run, Supervised, slowness } from '../supervised.ts';
import { type Config, Kit } from './kit.ts';

const kit = new Kit();
const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
const stopMs = 10_000 * (slowness > 1 ? 3 : 1);

function cgroupFile(id: string, controller: string, v1: string, v2: string): string {
  const mount = isV2 ? '/sys/fs/cgroup' : `/sys/fs/cgroup/${controller}`;
  return readFileSync(path.join(mount, kit.cgroup, id, isV2 ? v2 : v1), 'utf8').trim();
}

/** Forced deletion, and how long it took. */
function end(id: string): number {
  const began = Date.now();
  const { status, err } = kit.call('delete', '--force', id);
  assert.equal(status, 0, err);
  return Date.now() - began;
}

kit.case('K4', 'a fork bomb', async () => {
  spawnSync('cp', [kit.program('forks'), path.join(kit.image.lower, 'bin/forks')]);
  const id = kit.live((config) => {
    config.process.args = ['forks'];
    config.linux.resources = { pids: { limit: 64 } };
  });
  let most = 0;
  for (let looks = 0; looks < 20 || (most <= 30 && looks < 400); looks++) {
    most = Math.max(most, Number(cgroupFile(id, 'pids', 'pids.current', 'pids.current')));
    assert.equal(spawnSync('/bin/true').status, 0);
    await sleep(50);
  }
  assert.ok(most > 30 && most <= 64, `${most} processes of 64 allowed`);
  const took = end(id);
  assert.ok(took < stopMs, `stopping took ${took} ms`);
});

kit.case('K5', 'memory, tmpfs, /dev/shm, pipe, socket, queue, inotify, terminal and key bombs', (t) => {
  const limit = 32 << 20;
  const stopped: string[] = [];
  for (const kind of ['memory', '/tmp', '/dev/shm', 'pipe', 'socket', 'mq', 'inotify', 'pty', 'key']) {
    const { id, bundle } = kit.make((config) => {
      config.process.args = ['/bombs', kind];
      config.linux.resources = { memory: { limit, swap: limit } };
      config.mounts.push({ destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['mode=1777'] });
    });
    spawnSync('cp', [kit.program('bombs'), path.join(bundle, 'rootfs/bombs')]);
    const { status, out } = kit.call('run', '--bundle', bundle, id);
    assert.ok(status === 137 || status === 7, `${kind}: exit code ${status}: ${out}`);
    stopped.push(status === 137 ? `${kind}: killed for memory` : out.trim());
  }
  t.diagnostic(stopped.join(', '));
});

kit.case('K6', 'limits of 0, -1, none, and too little memory', () => {
  const of = (resources: object) => kit.live((config: Config) => (config.linux.resources = resources));
  const pids = (id: string) => cgroupFile(id, 'pids', 'pids.max', 'pids.max');
  assert.equal(pids(of({ pids: { limit: 0 } })), isV2 ? '1' : '0');
  assert.equal(pids(of({ pids: { limit: -1 } })), 'max');
  assert.equal(pids(of({ pids: {} })), 'max');
  const quota = cgroupFile(of({ cpu: { quota: -1 } }), 'cpu', 'cpu.cfs_quota_us', 'cpu.max');
  assert.match(quota, /^(-1|max 100000)$/);
  const { id, bundle } = kit.make((config) => (config.linux.resources = { memory: { limit: 8192, swap: 8192 } }));
  const answer = kit.call('run', '--bundle', bundle, id);
  assert.notEqual(answer.status, 0);
  assert.match(answer.err, /memory/);
});

kit.case('K13', 'a container writes into a file of the image that another one shares', async () => {
  const file = path.join(kit.image.lower, 'etc/passwd');
  const before = statSync(file, { bigint: true });
  const script = 'echo evil > /etc/passwd; cat /etc/passwd';
  assert.equal((await run(kit.image, 'k13-a', { args: ['sh', '-c', script] })).output, 'evil\n');
  const second = await run(kit.image, 'k13-b', { args: ['cat', '/etc/passwd'] });
  assert.equal(second.output, readFileSync(file, 'utf8'));
  const now = statSync(file, { bigint: true });
  assert.deepEqual([now.ino, now.mtimeNs, now.size], [before.ino, before.mtimeNs, before.size]);
});

kit.case('K14', 'a flood of output, with and without newlines', async (t) => {
  const cap = 1 << 20;
  const scale = slowness > 1 ? 16 : 1;
  for (const [name, bytes, source] of [
    ['lines', (1 << 20) / scale, 'yes'],
    ['none', (16 << 20) / scale, "busybox tr '\\0' x < /dev/zero"],
    ['nul', (16 << 20) / scale, 'cat /dev/zero'],
  ] as const) {
    const container = new Supervised(kit.image, `k14-${name}`, {
      args: ['sh', '-c', `${source} | head -c ${bytes}`],
      log: { maxSizeBytes: cap, maxFiles: 3 },
    });
    await container.frame(0x86);
    container.send(0x0c);
    container.send(0x01);
    const began = Date.now();
    // Another one is made and ends meanwhile.
    const other = await run(kit.image, `k14-${name}-other`, { args: ['true'] });
    const took = Date.now() - began;
    assert.equal(other.exitCode, 0);
    assert.ok(took < 5000 * slowness, `another container took ${took} ms`);
    await container.end();
    const state = path.join(container.directory, 'state');
    const logs = readdirSync(state).filter((file) => file.startsWith('log'));
    const sizes = logs.map((file) => statSync(path.join(state, file)).size);
    assert.ok(logs.length <= 3 && sizes.every((size) => size <= cap), `${logs}: ${sizes}`);
    t.diagnostic(`${name}: ${bytes >> 20} MiB left ${sizes.reduce((sum, size) => sum + size, 0)} bytes of log`);
  }
});

kit.case('K15', 'a program that ignores SIGTERM, stops itself, is frozen', () => {
  for (const [script, freeze] of [
    ['trap "" TERM INT HUP; while true; do sleep 1000; done', false],
    ['kill -STOP $$; sleep 1000', false],
    ['sleep 1000 & sleep 1000', true],
  ] as const) {
    const id = kit.live((config) => (config.process.args = ['sh', '-c', script]));
    kit.call('kill', id, 'TERM');
    if (freeze) assert.equal(kit.call('pause', id).status, 0);
    const took = end(id);
    assert.ok(took < stopMs, `${script}: ${took} ms`);
  }
  const frozen = kit.live();
  assert.equal(kit.call('pause', frozen).status, 0);
  assert.equal(kit.call('kill', '--all', frozen, 'KILL').status, 0);
  for (let tries = 0; tries < 100 * slowness && kit.state(frozen).status !== 'stopped'; tries++);
  assert.equal(kit.state(frozen).status, 'stopped');
});

kit.case('K16', 'no descriptors, no memory, no processes and no space left for the runtime', (t) => {
  const outcomes: string[] = [];
  const attempt = (what: string, prefix: string[], root = kit.root) => {
    const { id, bundle } = kit.make((config) => (config.process.args = ['true']));
    const line = [...prefix, runtimePath, '--root', root, 'run', '--bundle', bundle, id];
    const answer = spawnSync(line[0] ?? '', line.slice(1), { encoding: 'utf8', timeout: 20_000 * slowness });
    if (answer.status !== 0) assert.match(answer.stderr, /^berth-runtime: [a-z].*: /, what);
    if (root !== kit.root)
      assert.deepEqual(
        readdirSync(root).filter((name) => name === id),
        [],
        what,
      );
    assert.deepEqual(kit.leftovers(), [], what);
    outcomes.push(
      `${what}: ${answer.status === 0 ? 'enough' : answer.stderr.trim().split(': ').slice(1, 3).join(': ')}`,
    );
    return answer.status;
  };
  const counts = slowness > 1 ? [4, 8, 12] : [4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20];
  const failed = counts.filter(
    (count) => attempt(`${count} descriptors`, ['prlimit', `--nofile=${count}:${count}`]) !== 0,
  );
  assert.notEqual(failed.length, 0);
  attempt('8 MiB of addresses', ['prlimit', `--as=${8 << 20}`]);
  const full = path.join(kit.image.directory, 'full');
  mkdirSync(full);
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8k,nr_inodes=3', 'full', full]).status, 0);
  try {
    assert.notEqual(attempt('a full state directory', [], full), 0);
  } finally {
    spawnSync('umount', ['-l', full]);
  }
  const mount = isV2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids';
  const narrow = path.join(mount, `${kit.cgroup}-narrow`);
  mkdirSync(narrow);
  try {
    writeFileSync(path.join(narrow, 'pids.max'), '1');
    attempt('one process', ['sh', '-c', `echo $$ > ${narrow}/cgroup.procs && exec "$@"`, 'sh']);
  } finally {
    rmdirSync(narrow);
  }
  t.diagnostic(outcomes.join('; '));
});

kit.case('X10', 'figures of a container that vanished, and of a cgroup in its place', () => {
  const id = kit.live();
  const mounts = isV2
    ? { v2: '/sys/fs/cgroup' }
    : Object.fromEntries(['memory', 'cpu', 'cpuacct', 'pids', 'blkio'].map((name) => [name, `/sys/fs/cgroup/${name}`]));
  const cgroups = Object.fromEntries(
    Object.entries(mounts).map(([name, mount]) => [name, path.join(mount, kit.cgroup, id)]),
  );
  const sampler = new Sampler();
  const pids = sampleFields.indexOf('pidsCurrent');
  sampler.add(id, { cgroups });
  assert.equal(sampler.sample()[pids], 1);
  end(id);
  for (const value of sampler.sample())
    assert.ok(Number.isNaN(value) || (value >= 0 && value <= 2 ** 64), String(value));
  for (const directory of Object.values(cgroups)) mkdirSync(directory);
  try {
    for (const value of sampler.sample()) assert.ok(Number.isNaN(value) || value >= 0, String(value));
  } finally {
    for (const directory of Object.values(cgroups)) rmdirSync(directory);
  }
  sampler.add('never', { cgroups: { v2: '/sys/fs/cgroup/no/such' } });
  sampler.sample();
  sampler.close();
  assert.match(kit.call('events', '--stats', id).err, /does not exist/);
});

kit.case('X11', 'updates below what is in use, many at once, and of a container that has ended', async () => {
  const id = kit.live((config) => {
    config.process.args = ['sh', '-c', 'head -c 20000000 /dev/zero > /dev/shm/held; sleep 1000'];
    config.linux.resources = { memory: { limit: 64 << 20, swap: 64 << 20 }, pids: { limit: 10 } };
  });
  const used = () => Number(cgroupFile(id, 'memory', 'memory.usage_in_bytes', 'memory.current'));
  for (let tries = 0; tries < 100 * slowness && used() < 20_000_000; tries++) await sleep(20);
  const update = (resources: object) =>
    kit.callWith({ input: JSON.stringify(resources) }, 'update', '--resources', '-', id);
  const limits = { pids: { limit: 20 }, memory: { limit: 1 << 20, swap: 1 << 20, checkBeforeUpdate: true } };
  const below = update(limits);
  assert.equal(below.status, 1);
  assert.match(below.err, /memory\.limit/);
  assert.equal(cgroupFile(id, 'pids', 'pids.max', 'pids.max'), '10');
  if (!isV2) {
    // v1 itself refuses what it cannot reclaim, and what was written before is put back.
    const refused = update({ cpu: { shares: 100 }, ...limits, memory: { limit: 1 << 20 } });
    assert.match(refused.err, /memory\.limit_in_bytes/);
    assert.equal(cgroupFile(id, 'memory', 'memory.limit_in_bytes', ''), String(64 << 20));
  }
  const several = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const limit = String((70 + index) << 20);
      const line = ['--root', kit.root, 'update', '--memory', limit, '--memory-swap', limit, id];
      const child = spawn(runtimePath, line, { stdio: 'ignore' });
      return (await once(child, 'exit'))[0];
    }),
  );
  assert.deepEqual(several, Array(8).fill(0));
  const limit = Number(cgroupFile(id, 'memory', 'memory.limit_in_bytes', 'memory.max'));
  const both = isV2
    ? Number(cgroupFile(id, '', '', 'memory.swap.max')) + limit
    : Number(cgroupFile(id, 'memory', 'memory.memsw.limit_in_bytes', ''));
  assert.equal(both, limit);
  kit.call('kill', id, 'KILL');
  for (let tries = 0; tries < 100 * slowness && kit.state(id).status !== 'stopped'; tries++) await sleep(20);
  assert.match(update({ pids: { limit: 5 } }).err, /is stopped/);
});
