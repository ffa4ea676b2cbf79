/** Docker's limits: what `docker run` and `docker update` ask for is in the kernel's files, and kills are events. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { TestAgent } from './agent.ts';

const agent = new TestAgent();
const docker = agent.docker.bind(agent);
const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
const megabyte = 1 << 20;
let disk = '';
let number = '';

function ok(...args: string[]): string {
  const { status, out, err } = docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
  return out.trim();
}

function file(id: string, controller: string, v1: string, v2: string): string {
  const mount = isV2 ? '/sys/fs/cgroup' : `/sys/fs/cgroup/${controller}`;
  return readFileSync(path.join(mount, agent.name, id, isV2 ? v2 : v1), 'utf8').trim();
}

before(async () => {
  spawnSync('modprobe', ['-q', 'loop']);
  const backing = path.join(agent.directory, 'disk');
  writeFileSync(backing, '');
  truncateSync(backing, 8 * megabyte);
  disk = spawnSync('losetup', ['-f', '--show', backing], { encoding: 'utf8' }).stdout.trim();
  number = `7:${Number(statSync(disk, { bigint: true }).rdev & 0xffn)}`;
  await agent.start();
});
after(async () => {
  await agent.remove();
  spawnSync('losetup', ['-d', disk]);
});

test('run limits block devices, and refuses what is none', () => {
  const limits = ['--device-read-bps', `${disk}:1mb`, '--device-write-iops', `${disk}:500`];
  const id = ok('run', '-d', ...limits, '--name', 'io', 'busybox', 'sleep', '1000');
  if (isV2) assert.equal(file(id, '', '', 'io.max'), `${number} rbps=1048576 wbps=max riops=max wiops=500`);
  else {
    assert.equal(file(id, 'blkio', 'blkio.throttle.read_bps_device', ''), `${number} 1048576`);
    assert.equal(file(id, 'blkio', 'blkio.throttle.write_iops_device', ''), `${number} 500`);
  }
  assert.match(
    docker('run', '--rm', '--device-read-bps', '/dev/null:1mb', 'busybox', 'true').err,
    /not a block device/,
  );
  assert.match(docker('run', '--rm', '--blkio-weight', '5', 'busybox', 'true').err, /from 10 to 1000/);
  ok('rm', '-f', 'io');
});

test('update changes all that its flags name while the container runs', () => {
  const id = ok('run', '-d', '--name', 'up', '-m', '64m', '--restart', 'no', 'busybox', 'sleep', '1000');
  const flags = ['--cpu-shares', '512', '--cpu-period', '50000', '--cpu-quota', '20000', '--cpuset-cpus', '0'];
  const memory = ['--memory', '128m', '--memory-reservation', '32m', '--memory-swap', '200m'];
  ok('update', ...flags, '--cpuset-mems', '0', ...memory, '--pids-limit', '77', '--restart', 'on-failure:3', 'up');
  assert.equal(file(id, 'memory', 'memory.limit_in_bytes', 'memory.max'), String(128 * megabyte));
  assert.equal(file(id, 'memory', 'memory.soft_limit_in_bytes', 'memory.low'), String(32 * megabyte));
  const swap = isV2 ? 72 : 200;
  assert.equal(file(id, 'memory', 'memory.memsw.limit_in_bytes', 'memory.swap.max'), String(swap * megabyte));
  assert.equal(file(id, 'cpu', 'cpu.shares', 'cpu.weight'), isV2 ? '59' : '512');
  assert.match(file(id, 'cpu', 'cpu.cfs_quota_us', 'cpu.max'), /^20000( 50000)?$/);
  assert.equal(file(id, 'cpuset', 'cpuset.cpus', 'cpuset.cpus'), '0');
  assert.equal(file(id, 'pids', 'pids.max', 'pids.max'), '77');
  assert.equal(
    ok('inspect', '-f', '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}}', 'up'),
    `on-failure ${128 * megabyte}`,
  );
  // What the kernel refuses changes nothing, in its files and in the record.
  const refused = docker('update', '--cpuset-cpus', '4000', '--pids-limit', '5', 'up');
  assert.notEqual(refused.status, 0);
  assert.match(refused.err, /cpuset\.cpus/);
  assert.equal(file(id, 'pids', 'pids.max', 'pids.max'), '77');
  assert.equal(ok('inspect', '-f', '{{.HostConfig.PidsLimit}} {{.HostConfig.CpusetCpus}}', 'up'), '77 0');
  assert.match(docker('update', '--memory', '1g', 'up').err, /memoryswap/);
  assert.match(docker('update', '--blkio-weight', '5', 'up').err, /from 10 to 1000/);
  ok('rm', '-f', 'up');
});

test('each process that is killed for memory is one event', () => {
  const since = String(Math.floor(Date.now() / 1000));
  const script = 'for i in 1 2 3; do tail /dev/zero; done; exit 0';
  const { status } = docker('run', '--name', 'oom', '-m', '16m', '--memory-swap', '16m', 'busybox', 'sh', '-c', script);
  assert.equal(status, 0);
  const events = ok(
    'events',
    '--since',
    since,
    '--until',
    String(Math.ceil(Date.now() / 1000) + 1),
    '--filter',
    'event=oom',
  );
  assert.equal(events.split('\n').filter((line) => / oom /.test(line)).length, 3, events);
  assert.equal(ok('inspect', '-f', '{{.State.OOMKilled}}', 'oom'), 'true');
  ok('rm', 'oom');
});

test('a throwaway container restarts, and its layer is volatile', () => {
  ok('run', '-d', '--rm', '--name', 'away', 'busybox', 'sleep', '1000');
  assert.match(ok('exec', 'away', 'cat', '/proc/mounts'), /^overlay \/ .*volatile/m);
  ok('exec', 'away', 'touch', '/kept');
  ok('restart', '-t', '0', 'away');
  ok('exec', 'away', 'ls', '/kept');
  ok('rm', '-f', 'away');
});

test('when a supervisor is killed, the processes and cgroups of its container go', async () => {
  const id = ok('run', '-d', '--pid', 'host', 'busybox', 'sh', '-c', 'sleep 1000 & sleep 1000');
  const { supervisorPid } = JSON.parse(
    readFileSync(path.join(agent.directory, 'run/containers', id, 'pid.json'), 'utf8'),
  );
  process.kill(supervisorPid, 'SIGKILL');
  for (let tries = 0; tries < 200 && agent.cgroups().length > 0; tries++) await setTimeout(50);
  assert.deepEqual(agent.cgroups(), []);
  ok('rm', '-f', id);
});

test('nothing is left', () => {
  assert.deepEqual(agent.cgroups(), []);
  const containers = path.join(agent.directory, 'data/containers');
  assert.deepEqual(readdirSync(containers), []);
});
