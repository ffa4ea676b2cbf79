/** Rows U: users, groups, capabilities and id maps as attackers have used them. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Config, Kit } from './kit.ts';

const kit = new Kit();
const shell = kit.shell.bind(kit);
const sets = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'];

function withUserNamespace(
  config: Config,
  maps: object[] = [{ containerID: 0, hostID: 1_500_000, size: 65_536 }],
): void {
  config.linux.namespaces.push({ type: 'user' });
  Object.assign(config.linux, { uidMappings: maps, gidMappings: maps });
}

function capabilities(status: string): bigint[] {
  return sets.map((name) => BigInt(`0x${new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1]}`));
}

kit.case('U1', 'a user that is no number becomes root (CVE-2026-30892, CVE-2024-40635, CVE-2026-46680)', () => {
  const id = kit.live();
  const user = (text: string) => kit.call('exec', `--user=${text}`, id, 'id', '-u');
  for (const good of ['1', '1:1', '2147483648', '4294967294']) assert.equal(user(good).out.trim(), good.split(':')[0]);
  for (const bad of [
    '',
    '1:',
    ':1',
    'root',
    'root:1',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '0x1',
    '1e3',
    '1.0',
    '4294967295',
    '4294967296',
    '18446744073709551616',
    '1\n',
  ])
    assert.notEqual(user(bad).status, 0, JSON.stringify(bad));
});

kit.case(
  'U4',
  'supplementary groups are more or fewer than asked (CVE-2022-36109, CVE-2023-25173, CVE-2022-2995)',
  () => {
    const groups = (text: string) => (/^Groups:[ \t]*(.*)$/m.exec(text)?.[1] ?? 'none').trim();
    assert.equal(groups(shell('cat /proc/self/status')), '');
    const some = (config: Config) => Object.assign(config.process.user, { uid: 5, gid: 6, additionalGids: [7, 9] });
    assert.equal(groups(shell('cat /proc/self/status', some)), '7 9');
  },
);

kit.case('U5', 'inheritable capabilities are not empty (CVE-2022-24769, CVE-2022-27649, CVE-2022-29162)', () => {
  const id = kit.live();
  const inside = kit.call('exec', id, 'cat', '/proc/1/status').out;
  assert.equal(capabilities(inside)[0], 0n);
  for (const user of ['0', '5'])
    assert.equal(capabilities(kit.call('exec', '--user', user, id, 'cat', '/proc/self/status').out)[0], 0n);
});

kit.case('U6', 'an exec has more capabilities than the first process (CVE-2025-27612)', () => {
  const id = kit.live((config) => {
    config.process.capabilities = { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] };
  });
  assert.deepEqual(capabilities(kit.call('exec', id, 'cat', '/proc/1/status').out), [0n, 0x20n, 0x20n, 0x20n, 0n]);
  assert.deepEqual(capabilities(kit.call('exec', id, 'cat', '/proc/self/status').out), [0n, 0x20n, 0x20n, 0x20n, 0n]);
  assert.deepEqual(capabilities(kit.call('exec', '--user', '5', id, 'cat', '/proc/self/status').out).slice(3), [
    0x20n,
    0n,
  ]);
});

kit.case('U7', 'capabilities that do not exist', () => {
  const granted = (...names: string[]) => {
    const { out, err } = kit.run((config) => {
      config.process.args = ['cat', '/proc/self/status'];
      config.process.capabilities = Object.fromEntries(
        ['bounding', 'permitted', 'effective'].map((set) => [set, ['CAP_CHOWN', ...names]]),
      );
    });
    return { sets: capabilities(out), err };
  };
  for (const name of ['KILL', 'cap_kill', 'CAP_', 'CAP_KILL ', 'CAP_NOTHING', '', 'ALL']) {
    const { sets, err } = granted(name);
    assert.deepEqual(sets, granted().sets, name);
    assert.match(err, /warning: unknown capability/, name);
  }
});

kit.case('U8', 'a setuid program gains what its caller lacks', () => {
  const { id, bundle } = kit.make((config) => {
    config.process.args = ['/set/busybox', 'cat', '/proc/self/status'];
    config.process.user = { uid: 1000, gid: 1000 };
  });
  mkdirSync(path.join(bundle, 'rootfs/set'));
  const raised = path.join(bundle, 'rootfs/set/busybox');
  copyFileSync('/bin/busybox', raised);
  chmodSync(raised, 0o6755);
  const { out, err } = kit.call('run', '--bundle', bundle, id);
  assert.match(out, /^Uid:\s+1000\s+1000\s+1000/m, err);
  assert.deepEqual(capabilities(out).slice(1, 3), [0n, 0n]);
});

kit.case('U9', 'maps of ids that overlap, overflow or are many (CVE-2021-43784)', () => {
  // 340 lines are the kernel's limit, and less than a page of text (user_namespaces(7)).
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ containerID: at, hostID: 20_000 + 2 * at, size: 1 }));
  for (const count of [5, 340]) {
    const map = shell('cat /proc/self/uid_map', (config) => {
      withUserNamespace(config, many(count));
      // Which names group 5.
      config.mounts = config.mounts.filter((one: Config) => one.destination !== '/dev/pts');
    });
    assert.deepEqual(
      map.split('\n').map((line) => line.trim().split(/\s+/).map(Number)),
      many(count).map(({ containerID, hostID, size }) => [containerID, hostID, size]),
    );
  }
  const wrong = [
    [...many(1), { containerID: 0, hostID: 1_600_000, size: 1 }],
    [{ containerID: 0, hostID: 2 ** 32, size: 1 }],
    [{ containerID: 0, hostID: -1, size: 1 }],
    [{ containerID: 0, hostID: 2 ** 32 - 2, size: 65_536 }],
    [{ containerID: 0, hostID: 1_500_000, size: 0 }],
    many(341),
  ];
  for (const maps of wrong) {
    const answer = kit.run((config) => withUserNamespace(config, maps));
    assert.equal(answer.status, 1, JSON.stringify(maps).slice(0, 90));
  }
});

kit.case('U10', 'files of ids that the container does not have', () => {
  const volume = path.join(kit.image.directory, 'foreign');
  mkdirSync(volume, { mode: 0o755 });
  writeFileSync(path.join(volume, 'file'), 'x', { mode: 0o644 });
  chownSync(path.join(volume, 'file'), 70_000, 70_000);
  const before = statSync(path.join(volume, 'file'));
  const { id, bundle } = kit.make((config) => {
    withUserNamespace(config);
    config.process.args = ['sh', '-c', 'stat -c %u /vol/file; (echo y > /vol/file) 2>/dev/null || echo refused'];
    config.mounts.push({ type: 'bind', source: volume, destination: '/vol', options: ['rbind', 'idmap'] });
  });
  mkdirSync(path.join(bundle, 'rootfs/vol'));
  const { out, err } = kit.call('run', '--bundle', bundle, id);
  assert.equal(out, '65534\nrefused\n', err);
  const now = statSync(path.join(volume, 'file'));
  assert.deepEqual([now.uid, now.mtimeMs, now.size], [before.uid, before.mtimeMs, before.size]);
});
