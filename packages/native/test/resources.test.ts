/** Every field of linux.resources, by the kernel's own files, on cgroup v2 and on v1 with a cgroup2 mount beside it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, test } from 'node:test';
import { Bundles, type Config } from './bundle.ts';
import { slowness } from './supervised.ts';

const bundles = new Bundles();
const call = bundles.call.bind(bundles);
const timeout = 60_000 * Math.min(slowness, 5);
const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
const unified = isV2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/unified';
const controllers = existsSync(unified) ? readFileSync(`${unified}/cgroup.controllers`, 'utf8').trim().split(' ') : [];
const live: string[] = [];
const disk = loopDevice();

afterEach(() => {
  for (const id of live.splice(0)) call('delete', '--force', id);
  assert.deepEqual(bundles.leftovers(), []);
});
after(() => {
  bundles.remove();
  spawnSync('losetup', ['-d', disk.name]);
  if (!isV2 && controllers.includes('hugetlb')) writeFileSync(`${unified}/cgroup.subtree_control`, '-hugetlb');
});

/** A block device of our own to limit. */
function loopDevice(): { name: string; major: number; minor: number } {
  spawnSync('modprobe', ['-q', 'loop']);
  const file = path.join(bundles.image.directory, 'disk');
  writeFileSync(file, '');
  truncateSync(file, 8 << 20);
  const name = spawnSync('losetup', ['-f', '--show', file], { encoding: 'utf8' }).stdout.trim();
  assert.match(name, /^\/dev\/loop/);
  return { name, major: 7, minor: Number(statSync(name, { bigint: true }).rdev & 0xffn) };
}
const number = `${disk.major}:${disk.minor}`;

function running(resources: object = {}): string {
  const id = bundles.running((config: Config) => Object.assign(config.linux, { resources }));
  live.push(id);
  return id;
}

/** A file of the container's cgroup: v1's in its controller's hierarchy, v2's by its name alone. */
function directory(id: string, controller: string): string {
  const v1 = path.join('/sys/fs/cgroup', controller, bundles.cgroup, id);
  return !isV2 && existsSync(v1) ? v1 : path.join(unified, bundles.cgroup, id);
}
const read = (id: string, controller: string, file: string) =>
  readFileSync(path.join(directory(id, controller), file), 'utf8').trim();

function update(id: string, resources: object) {
  return bundles.callWith({ input: JSON.stringify(resources) }, 'update', '--resources', '-', id);
}

/** Controller, file of v1 and its content; file of v2 and its content. */
type Expected = [string, string, string | RegExp, string, string | RegExp];

function check(id: string, expected: Expected[]): void {
  for (const [controller, v1, v1Content, v2, v2Content] of expected) {
    const [file, content] = isV2 ? [v2, v2Content] : [v1, v1Content];
    const is = read(id, controller, file);
    if (typeof content === 'string') assert.equal(is, content, file);
    else assert.match(is, content, file);
  }
}

const throttle = (rate: number) => ({
  throttleReadBpsDevice: [{ major: disk.major, minor: disk.minor, rate }],
  throttleWriteBpsDevice: [{ major: disk.major, minor: disk.minor, rate: rate * 2 }],
  throttleReadIOPSDevice: [{ major: disk.major, minor: disk.minor, rate: 300 }],
  throttleWriteIOPSDevice: [{ major: disk.major, minor: disk.minor, rate: 400 }],
});

const first = {
  memory: { limit: 64 << 20, reservation: 32 << 20, swap: 96 << 20, useHierarchy: true },
  cpu: { shares: 512, quota: 50_000, period: 50_000, burst: 10_000, cpus: '0', mems: '0' },
  pids: { limit: 50 },
  blockIO: throttle(1 << 20),
};
const firstExpected: Expected[] = [
  ['memory', 'memory.limit_in_bytes', String(64 << 20), 'memory.max', String(64 << 20)],
  ['memory', 'memory.soft_limit_in_bytes', String(32 << 20), 'memory.low', String(32 << 20)],
  ['memory', 'memory.memsw.limit_in_bytes', String(96 << 20), 'memory.swap.max', String(32 << 20)],
  ['memory', 'memory.use_hierarchy', '1', 'memory.max', String(64 << 20)],
  ['cpu', 'cpu.shares', '512', 'cpu.weight', '59'],
  ['cpu', 'cpu.cfs_quota_us', '50000', 'cpu.max', '50000 50000'],
  ['cpu', 'cpu.cfs_period_us', '50000', 'cpu.max', '50000 50000'],
  ['cpu', 'cpu.cfs_burst_us', '10000', 'cpu.max.burst', '10000'],
  ['cpuset', 'cpuset.cpus', '0', 'cpuset.cpus', '0'],
  ['cpuset', 'cpuset.mems', '0', 'cpuset.mems', '0'],
  ['pids', 'pids.max', '50', 'pids.max', '50'],
  ...(
    [
      ['read_bps', 1 << 20],
      ['write_bps', 2 << 20],
      ['read_iops', 300],
      ['write_iops', 400],
    ] as const
  ).map(
    ([file, rate]): Expected => [
      'blkio',
      `blkio.throttle.${file}_device`,
      `${number} ${rate}`,
      'io.max',
      `${number} rbps=1048576 wbps=2097152 riops=300 wiops=400`,
    ],
  ),
];

test('limits are written before the program runs', { timeout }, () => check(running(first), firstExpected));

test('all of them change while it runs, up and down', { timeout }, () => {
  const id = running(first);
  const second = {
    memory: { limit: 256 << 20, reservation: -1, swap: 300 << 20 },
    cpu: { shares: 2048, quota: 20_000, period: 100_000, burst: 5000, cpus: '0-1', idle: 0 },
    pids: { limit: -1 },
    blockIO: { ...throttle(0), throttleReadIOPSDevice: [] },
  };
  // The emulated machine has one processor.
  if (!existsSync('/sys/devices/system/cpu/cpu1')) second.cpu.cpus = '0';
  const answer = update(id, second);
  assert.equal(answer.status, 0, answer.err);
  check(id, [
    ['memory', 'memory.limit_in_bytes', String(256 << 20), 'memory.max', String(256 << 20)],
    ['memory', 'memory.soft_limit_in_bytes', /^9223372036854771712$/, 'memory.low', 'max'],
    ['memory', 'memory.memsw.limit_in_bytes', String(300 << 20), 'memory.swap.max', String(44 << 20)],
    ['cpu', 'cpu.shares', '2048', 'cpu.weight', /^1[5-9]\d$/],
    ['cpu', 'cpu.cfs_quota_us', '20000', 'cpu.max', '20000 100000'],
    ['cpu', 'cpu.cfs_burst_us', '5000', 'cpu.max.burst', '5000'],
    ['cpuset', 'cpuset.cpus', second.cpu.cpus, 'cpuset.cpus', second.cpu.cpus],
    ['pids', 'pids.max', 'max', 'pids.max', 'max'],
    ['blkio', 'blkio.throttle.read_bps_device', '', 'io.max', `${number} rbps=max wbps=max riops=300 wiops=400`],
  ]);
  assert.equal(update(id, first).status, 0);
  check(id, firstExpected);
  assert.equal(update(id, { memory: { limit: -1, swap: -1 }, cpu: { quota: -1 } }).status, 0);
  check(id, [
    ['memory', 'memory.limit_in_bytes', '9223372036854771712', 'memory.max', 'max'],
    ['memory', 'memory.memsw.limit_in_bytes', '9223372036854771712', 'memory.swap.max', 'max'],
    ['cpu', 'cpu.cfs_quota_us', '-1', 'cpu.max', 'max 50000'],
  ]);
});

test('an update of which one limit is refused changes nothing and names the file', { timeout }, () => {
  const id = running(first);
  for (const [resources, message] of [
    [{ cpu: { cpus: '4000' } }, /cpuset\.cpus/],
    [{ blockIO: { throttleReadBpsDevice: [{ major: 4000, minor: 0, rate: 5 }] } }, /read_bps_device|io\.max/],
    [{ devices: [{ allow: false }, { allow: true, type: 'x', access: 'rwm' }] }, /devices\[1\]/],
    [{ memory: { limit: 32 << 20, swap: 16 << 20 } }, /memory\.swap/],
    [{ pids: { limit: 'many' } }, /pids\.limit: must be a whole number/],
  ] as const) {
    const { cpu, ...others } = { ...first, pids: { limit: 7 }, memory: { limit: 100 << 20, swap: 200 << 20 } };
    const answer = update(id, { ...others, cpu: { ...cpu, quota: 10_000, burst: 1 }, ...resources });
    assert.equal(answer.status, 1, String(message));
    assert.match(answer.err, message);
    check(id, firstExpected);
  }
});

test('idle cgroups have no weight until they cease to be idle', { timeout }, () => {
  const id = running({ cpu: { shares: 512, idle: 1 } });
  assert.equal(read(id, 'cpu', 'cpu.idle'), '1');
  assert.equal(update(id, { cpu: { idle: 0, shares: 1024 } }).status, 0);
  check(id, [['cpu', 'cpu.shares', '1024', 'cpu.weight', '100']]);
});

test('a pids limit of 0 lets the program be and nothing beside it', { timeout }, () => {
  assert.equal(
    bundles.run((config) => {
      config.process.args = ['true'];
      config.linux.resources = { pids: { limit: 0 } };
    }).status,
    0,
  );
  const out = bundles.run((config) => {
    config.process.args = ['sh', '-c', 'sleep 0 & echo forked'];
    config.linux.resources = { pids: { limit: 0 } };
  });
  assert.match(out.err, /can't fork/);
});

test('a limit below what is in use is refused when asked to look first', { timeout }, () => {
  const id = running({ memory: { limit: 64 << 20 } });
  const answer = update(id, { memory: { limit: 4096, checkBeforeUpdate: true } });
  assert.match(answer.err, /memory\.limit: 4096 is less than the \d+ bytes in use/);
  check(id, [['memory', 'memory.limit_in_bytes', String(64 << 20), 'memory.max', String(64 << 20)]]);
});

test('what only one version of cgroups has is written there, and refused with the reason on the other', {
  timeout,
}, () => {
  const id = running();
  const only: [object, [string, string, string | RegExp] | RegExp, [string, string] | RegExp][] = [
    [{ memory: { swappiness: 30 } }, ['memory', 'memory.swappiness', '30'], /no swappiness of a cgroup/],
    [
      { memory: { disableOOMKiller: true } },
      ['memory', 'memory.oom_control', /oom_kill_disable 1/],
      /cannot go without/,
    ],
    [{ memory: { kernelTCP: 1 << 20 } }, ['memory', 'memory.kmem.tcp.limit_in_bytes', String(1 << 20)], /kernelTCP/],
    [{ memory: { kernel: 1 << 20 } }, /memory\.kernel/, /memory\.kernel/],
    [{ memory: { useHierarchy: false } }, /use_hierarchy/, /always hierarchical/],
    [{ blockIO: { leafWeight: 10 } }, /CFQ/, /CFQ/],
    [{ blockIO: { weightDevice: [{ ...disk, leafWeight: 10 }] } }, /CFQ/, /CFQ/],
    [{ blockIO: { weight: 5000 } }, /10 to 1000|BFQ/, /10 to 1000/],
    [{ network: { classID: 5 } }, /no net_cls controller/, /no net_cls controller/],
    [{ network: { priorities: [{ name: 'lo', priority: 1 }] } }, /no net_prio controller/, /no net_prio controller/],
    [{ rdma: { none0: { hcaHandles: 1 } } }, /no rdma controller/, /rdma\.max/],
    [{ unified: { 'memory.high': '50000000' } }, /memory\.high is of no controller/, ['memory.high', '49999872']],
    [{ unified: { 'memory.oom.group': '1' } }, /memory\.oom\.group is of no/, ['memory.oom.group', '1']],
    [{ unified: { 'cgroup.max.depth': '3' } }, ['unified', 'cgroup.max.depth', '3'], ['cgroup.max.depth', '3']],
    [{ unified: { 'cgroup.procs': '1' } }, /cgroup\.procs is of no/, /cgroup\.procs is of no/],
    [{ unified: { 'cpu.none': '1' } }, /cpu\.none is of no/, /this kernel has no cpu\.none/],
    [{ unified: { '../cpu.max': '1' } }, /is no name of a cgroup v2 file/, /is no name of a cgroup v2 file/],
    [{ hugepageLimits: [{ pageSize: '3MB', limit: 1 }] }, /no huge pages of 3MB|no hugetlb/, /no huge pages of 3MB/],
  ];
  for (const [resources, v1, v2] of only) {
    const expected = isV2 ? v2 : v1;
    const answer = update(id, resources);
    if (expected instanceof RegExp) {
      assert.equal(answer.status, 1, JSON.stringify(resources));
      assert.match(answer.err, expected);
    } else {
      assert.equal(answer.status, 0, answer.err);
      const [controller, file, content] = expected.length === 2 ? ['', ...expected] : expected;
      const is = read(id, controller, file);
      if (typeof content === 'string') assert.equal(is, content, file);
      else assert.match(is, content, file);
    }
  }
});

test('real time is given out of what the parent has', { timeout }, (t) => {
  const parent = path.join('/sys/fs/cgroup/cpu', bundles.cgroup);
  const id = running();
  if (!existsSync(path.join(parent, 'cpu.rt_runtime_us'))) {
    assert.match(update(id, { cpu: { realtimeRuntime: 1000 } }).err, /share of real time/);
    t.diagnostic('this kernel has no real-time groups: the refusal was tried');
    return;
  }
  assert.match(update(id, { cpu: { realtimeRuntime: 1000 } }).err, /cpu\.rt_runtime_us/);
  writeFileSync(path.join(parent, 'cpu.rt_runtime_us'), '10000');
  assert.equal(update(id, { cpu: { realtimeRuntime: 5000, realtimePeriod: 500_000 } }).status, 0);
  assert.equal(read(id, 'cpu', 'cpu.rt_runtime_us'), '5000');
  assert.equal(read(id, 'cpu', 'cpu.rt_period_us'), '500000');
  assert.equal(update(id, { cpu: { realtimeRuntime: -1 } }).status, 1);
});

test('weights are those of a device whose scheduler knows them', { timeout }, () => {
  const scheduler = `/sys/block/${path.basename(disk.name)}/queue/scheduler`;
  spawnSync('modprobe', ['-q', 'bfq']);
  const id = running();
  const asked = { blockIO: { weight: 300, weightDevice: [{ major: disk.major, minor: disk.minor, weight: 700 }] } };
  if (!isV2) assert.match(update(id, asked).err, /BFQ/);
  writeFileSync(scheduler, 'bfq');
  try {
    const answer = update(id, asked);
    assert.equal(answer.status, 0, answer.err);
    const [general, device] = isV2
      ? [read(id, '', 'io.bfq.weight'), read(id, '', 'io.bfq.weight')]
      : [read(id, 'blkio', 'blkio.bfq.weight'), read(id, 'blkio', 'blkio.bfq.weight_device')];
    assert.match(general, /^(default )?300$/m);
    assert.match(device, new RegExp(`^${number} 700$`, 'm'));
    if (isV2) assert.match(read(id, '', 'io.weight'), /^default 2930$/m);
    const refused = update(id, { blockIO: { ...asked.blockIO, weight: 100 }, cpu: { cpus: '4000' } });
    assert.equal(refused.status, 1);
    assert.match(read(id, 'blkio', isV2 ? 'io.bfq.weight' : 'blkio.bfq.weight'), /^(default )?300$/m);
  } finally {
    writeFileSync(scheduler, 'none');
  }
});

test('huge pages are limited where their controller is, on v1 or on the cgroup2 mount', { timeout }, (t) => {
  const v1 = /^\S+ \S+ cgroup \S*\bhugetlb\b/m.test(readFileSync('/proc/self/mounts', 'utf8'));
  const id = running();
  const answer = update(id, { hugepageLimits: [{ pageSize: '2MB', limit: 4 << 20 }] });
  if (!controllers.includes('hugetlb') && !v1) {
    assert.match(answer.err, /hugepageLimits: this host has no hugetlb controller/);
    t.diagnostic('hugetlb is mounted as a v1 hierarchy elsewhere: the refusal was tried');
    return;
  }
  assert.equal(answer.status, 0, answer.err);
  const kind = v1 && !isV2 ? 'limit_in_bytes' : 'max';
  assert.equal(read(id, 'hugetlb', `hugetlb.2MB.${kind}`), String(4 << 20));
  assert.equal(read(id, 'hugetlb', `hugetlb.2MB.rsvd.${kind}`), String(4 << 20));
});

test('network classes and priorities are written where their hierarchies are mounted', { timeout }, (t) => {
  const mount = path.join(bundles.image.directory, 'net');
  mkdirSync(mount);
  if (isV2) {
    t.diagnostic('cgroup v2 has neither: the refusals are tried above');
    return;
  }
  const mounted = spawnSync('mount', ['-t', 'cgroup', '-o', 'net_cls,net_prio', 'net', mount], { encoding: 'utf8' });
  assert.equal(mounted.status, 0, mounted.stderr);
  try {
    const id = running({ network: { classID: 0x10_0001, priorities: [{ name: 'lo', priority: 3 }] } });
    const at = path.join(mount, bundles.cgroup, id);
    assert.equal(readFileSync(`${at}/net_cls.classid`, 'utf8').trim(), String(0x10_0001));
    assert.match(readFileSync(`${at}/net_prio.ifpriomap`, 'utf8'), /^lo 3$/m);
    assert.equal(update(id, { network: { priorities: [{ name: 'nothing0', priority: 3 }] } }).status, 1);
    call('delete', '--force', live.pop() ?? '');
    spawnSync('rmdir', [path.join(mount, bundles.cgroup)]);
  } finally {
    assert.equal(spawnSync('umount', [mount]).status, 0);
  }
});
