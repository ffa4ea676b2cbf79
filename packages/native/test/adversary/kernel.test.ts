/** Rows K, what the runtime itself closes of the kernel: cgroups, devices, handles. The agent's filter is the agent's test. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Config, Kit } from './kit.ts';

const kit = new Kit();
const shell = kit.shell.bind(kit);
const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers');

function grant(config: Config, ...names: string[]): void {
  for (const set of ['bounding', 'effective', 'permitted']) config.process.capabilities[set].push(...names);
}

function withCall(config: Config): void {
  config.mounts.push({ type: 'bind', source: kit.program('call'), destination: '/call', options: ['bind', 'ro'] });
}

kit.case('K1', 'release_agent and notify_on_release (CVE-2022-0492)', () => {
  const attempts = [
    'busybox find /sys/fs/cgroup -name cgroup.procs | grep -q . || echo nothing there',
    'for f in $(busybox find /sys/fs/cgroup -name notify_on_release -o -name cgroup.procs -o -name release_agent); do (echo 1 > $f) 2>/dev/null && echo $f; done',
    'mkdir -p /tmp/c; for o in rdma memory none,name=x; do mount -t cgroup -o $o c /tmp/c 2>/dev/null && (echo /x > /tmp/c/release_agent) 2>/dev/null && echo $o; busybox umount /tmp/c 2>/dev/null; done',
  ];
  for (const more of [[], ['CAP_SYS_ADMIN', 'CAP_DAC_OVERRIDE']])
    assert.equal(
      shell(`${attempts.join(';')}; true`, (config) => grant(config, ...more)),
      '',
      more.join(),
    );
  if (isV2) return 'cgroup v1, whose release_agent it is';
  return undefined;
});

kit.case(
  'K2',
  'a container writes to cgroups: its own limits, those above and beside (CVE-2023-25809, CVE-2025-47291)',
  () => {
    const write =
      'busybox find /sys/fs/cgroup -name cgroup.procs | grep -q . || echo nothing there; for f in $(busybox find /sys/fs/cgroup /sys/fs/cgroup/.. -maxdepth 3 -name "*max" -o -name "*limit*" -o -name cgroup.kill -o -name cgroup.procs -o -name "devices.*" -o -name freezer.state -o -name cgroup.freeze); do (echo 1 > $f) 2>/dev/null && echo $f; done';
    for (const without of [false, true]) {
      const out = shell(
        `${write}; mkdir /sys/fs/cgroup/x 2>/dev/null && echo made; grep -c . /proc/self/cgroup >/dev/null; true`,
        (config) => {
          grant(config, 'CAP_DAC_OVERRIDE');
          if (without) config.linux.namespaces = config.linux.namespaces.filter((one: Config) => one.type !== 'cgroup');
          config.linux.resources.pids = { limit: 64 };
        },
      );
      assert.equal(out, '', without ? 'without a cgroup namespace' : 'with one');
    }
    const seen = shell('cat /proc/self/cgroup');
    for (const line of seen.split('\n')) assert.match(line, /:\/$|:\/\.\./, 'of the tree above nothing is named');
  },
);

kit.case('K3', 'the path of the cgroup leads up (fixed in crun 1.28 and 1.29)', () => {
  for (const cgroupsPath of [
    '/../x',
    `/${kit.cgroup}/../../x`,
    `/${kit.cgroup}/..`,
    '..',
    '/a/../..',
    `/${kit.cgroup}/./x/..`,
    '/',
    '//',
  ]) {
    const answer = kit.run((config) => Object.assign(config.linux, { cgroupsPath }));
    assert.equal(answer.status, 1, `${cgroupsPath}: ${answer.err}`);
    assert.match(answer.err, /cgroup/, cgroupsPath);
  }
});

kit.case('K7', 'sysctls that carry others, or are the whole machine’s (CVE-2022-0811)', () => {
  const injected: [string, string][] = [
    ['kernel.shm_rmid_forced', '1+kernel.core_pattern=|/x'],
    ['net.ipv4.ip_forward+kernel.core_pattern', '|/x'],
    ['net.ipv4.ip_forward=1\nkernel.core_pattern', '|/x'],
    ['net.ipv4/../../kernel/core_pattern', '|/x'],
    ['net/ipv4/../../kernel/core_pattern', '|/x'],
    ['kernel.core_pattern', '|/x'],
    ['fs.mqueue./../../kernel.core_pattern', '|/x'],
    ['vm.overcommit_memory', '1'],
    ['net.', '1'],
    ['.net.ipv4.ip_forward', '1'],
  ];
  for (const [name, value] of injected) {
    const answer = kit.run((config) => (config.linux.sysctl = { [name]: value }));
    assert.equal(answer.status, 1, name);
    assert.match(answer.err, /sysctl/, name);
  }
});

kit.case('K8', 'device nodes are made and opened: disks, /dev/mem, loop-control, fuse, uring’s', () => {
  const nodes = ['b 7 0', 'b 8 0', 'b 254 0', 'c 1 1', 'c 1 4', 'c 10 237', 'c 10 229', 'c 10 200', 'c 4 1', 'c 89 0'];
  const script = `n=0; for d in ${nodes.map((one) => `"${one}"`).join(' ')}; do n=$((n+1)); busybox mknod /tmp/d$n $d || echo unmade $d; (exec 3</tmp/d$n) 2>/tmp/why && echo opened $d; grep -q "Operation not permitted" /tmp/why || cat /tmp/why; done; (exec 3</dev/null) && echo null; true`;
  const change = (config: Config) => grant(config, 'CAP_MKNOD', 'CAP_DAC_OVERRIDE');
  assert.equal(shell(script, change), 'null');
  const id = kit.live(change);
  assert.equal(kit.call('update', '--pids-limit', '50', id).status, 0);
  assert.equal(kit.call('exec', id, 'sh', '-c', script).out.trim(), 'null', 'after an update');
});

kit.case('K11', 'open_by_handle_at reaches beyond the root (“shocker”)', () => {
  // Of / itself, by name_to_handle_at; then a handle of inode 2, the root of most file systems.
  const calls = [
    '257',
    '-100',
    '@/',
    '0x10000',
    '0',
    '--',
    '304',
    '$',
    ':080000000100000002000000000000000000000000000000',
    '0',
  ];
  const run = (own: boolean, ...more: string[]) => {
    const { id, bundle } = kit.make((config) => {
      withCall(config);
      grant(config, ...more);
      const maps = [{ containerID: 0, hostID: 0, size: 65_536 }];
      if (own) config.linux.namespaces.push({ type: 'user' });
      if (own) Object.assign(config.linux, { uidMappings: maps, gidMappings: maps });
      config.process.args = ['/call', '64', ...calls];
    });
    return kit.call('run', '--bundle', bundle, id).out.trim().split('\n').at(-1) ?? '';
  };
  for (const own of [false, true]) assert.equal(run(own), 'EPERM');
  assert.notEqual(run(false, 'CAP_DAC_READ_SEARCH'), 'EPERM', 'who asks for it, and for no user namespace, gets it');
  // In a user namespace the capability is the namespace's, and no file system of the host is.
  assert.match(run(true, 'CAP_DAC_READ_SEARCH'), /^(EPERM|ESTALE)$/);
  assert.ok(readFileSync(path.join(kit.canary, 'secret'), 'utf8') === 'host secret\n');
});
