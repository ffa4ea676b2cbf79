/** Rows P6, P8, P9, P10: labels that are redirected, left out, injected, or given to what is not the container's. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { labelTree } from '../../index.js';
import { type Config, Kit } from './kit.ts';

const kit = new Kit();
const appArmorParameter = '/sys/module/apparmor/parameters/enabled';
const hasAppArmor = existsSync(appArmorParameter) && readFileSync(appArmorParameter, 'utf8').startsWith('Y');
const hasSelinux = existsSync('/sys/fs/selinux/enforce');
const label = 'system_u:system_r:container_t:s0:c1,c2';
const profile = `berth-test-${process.pid}`;

// Bundles copy it with its labels: without an overlay nothing else gives their root one.
if (hasSelinux) spawnSync('chcon', ['-R', 'system_u:object_r:container_file_t:s0', kit.image.lower]);

const process_ = (change: object) => (config: Config) => Object.assign(config.process, { args: ['true'] }, change);

kit.case('P6', 'what the label is written to is replaced by a file of the image (CVE-2025-52881)', () => {
  if (!hasAppArmor && !hasSelinux) return 'AppArmor or SELinux';
  const wanted = hasSelinux ? { selinuxLabel: label } : { apparmorProfile: profile };
  const current = hasSelinux ? '/proc/self/attr/current' : '/proc/self/attr/apparmor/current';
  if (hasAppArmor) loadProfile();
  try {
    // /proc inside is a directory of the image, with files where the attributes would be.
    const fake = kit.run((config) => {
      config.mounts = config.mounts.filter((mount: { destination: string }) => mount.destination !== '/proc');
      config.mounts.push({ destination: '/proc', type: 'tmpfs', source: 'tmpfs', options: ['mode=755'] });
      config.linux.maskedPaths = config.linux.readonlyPaths = [];
      process_({ ...wanted, args: ['sh', '-c', 'mkdir /tmp/p && ls -A /proc'] })(config);
      if (hasSelinux) config.linux.mountLabel = 'system_u:object_r:container_file_t:s0:c1,c2';
    });
    assert.equal(fake.status, 0, fake.err);
    assert.equal(fake.out, '', 'nothing was written into it');
    const real = kit.run((config) => {
      process_({ ...wanted, args: ['cat', current] })(config);
      if (hasSelinux) config.linux.mountLabel = 'system_u:object_r:container_file_t:s0:c1,c2';
    });
    assert.match(real.out, new RegExp(`^${hasSelinux ? label : `${profile} \\(enforce\\)`}`), real.err);
    // A mount where the attributes are is refused.
    const over = kit.run((config) => {
      process_(wanted)(config);
      config.mounts.push({ destination: '/proc/self/attr', type: 'tmpfs', source: 'tmpfs', options: [] });
    });
    assert.match(over.err, /nothing may be mounted below \/proc/);
  } finally {
    if (hasAppArmor) spawnSync('apparmor_parser', ['--remove'], { input: `profile ${profile} {}` });
  }
  return undefined;
});

kit.case('P8', 'a profile or label is asked for and the kernel has no such thing', () => {
  for (const asked of [
    { apparmorProfile: 'berth-no-such-profile' },
    { selinuxLabel: 'system_u:system_r:berth_no_such_t:s0' },
    ...(hasSelinux ? [] : [{ selinuxLabel: label }]),
  ]) {
    const answer = kit.run(process_({ ...asked, args: ['sh', '-c', 'echo started'] }));
    assert.notEqual(answer.status, 0);
    assert.equal(answer.out, '');
    assert.match(answer.err, /applying a security label: .*(AppArmor|SELinux|no such profile)/);
  }
});

kit.case('P9', 'a profile or label with more in it than a name', () => {
  const names = [
    'a b',
    'a\nb',
    ' unconfined',
    'unconfined ',
    'unconfined_foo',
    'unconfined//&a',
    'a//&unconfined',
    ':ns:unconfined',
    ':ns://unconfined',
    'changeprofile unconfined',
    'exec unconfined',
    '\u0001',
    'x'.repeat(5000),
  ];
  for (const name of names)
    for (const asked of [{ apparmorProfile: name }, { selinuxLabel: name }]) {
      const answer = kit.run(process_({ ...asked, args: ['sh', '-c', 'echo started'] }));
      assert.notEqual(answer.status, 0, JSON.stringify(asked));
      assert.equal(answer.out, '', JSON.stringify(asked));
    }
});

kit.case('P10', 'a tree that is relabelled leads out of itself (CVE-2021-43816)', async () => {
  if (!hasSelinux) return 'SELinux';
  const tree = path.join(kit.image.directory, 'tree');
  mkdirSync(path.join(tree, 'directory'), { recursive: true });
  writeFileSync(path.join(tree, 'directory/file'), 'in the tree\n');
  symlinkSync(kit.canary, path.join(tree, 'link'));
  symlinkSync(path.join(kit.canary, 'secret'), path.join(tree, 'directory/link'));
  const before = labelsOf(kit.canary);
  const wanted = 'system_u:object_r:container_file_t:s0:c5,c6';
  const limits = { refused: ['/', '/etc', '/usr', kit.canary], closed: ['/sys', kit.canary] };
  await labelTree(tree, wanted, limits);
  assert.deepEqual(labelsOf(kit.canary), before);
  for (const name of ['', 'directory', 'directory/file', 'link', 'directory/link'])
    assert.equal(labelOf(path.join(tree, name)), wanted, name);
  for (const place of [
    '/etc',
    '/etc/../etc/',
    '/',
    '/sys/kernel',
    kit.canary,
    path.join(kit.canary, 'pts'),
    path.join(kit.canary, 'secret'),
    path.join(tree, 'link'),
    path.join(tree, 'link/secret'),
    kit.image.directory,
  ])
    await assert.rejects(labelTree(place, wanted, limits), { code: 'EPERM' }, place);
  // While a directory of the tree and a link out of it are exchanged.
  const [one, other] = [path.join(tree, 'directory'), path.join(tree, 'link')];
  const attempts: Promise<void>[] = [];
  const tries = await kit.race(one, other, (count) => {
    attempts.push(
      labelTree(tree, `system_u:object_r:container_file_t:s0:c${count % 9},c9`, limits).catch(() => undefined),
    );
  });
  await Promise.all(attempts);
  assert.ok(tries > 0);
  assert.deepEqual(labelsOf(kit.canary), before);
  return undefined;
});

function labelOf(file: string): string {
  lstatSync(file);
  return spawnSync('ls', ['-dZ', file], { encoding: 'utf8' }).stdout.trim().split(/\s+/)[0] ?? '';
}

const labelsOf = (directory: string) => spawnSync('ls', ['-RZ', directory], { encoding: 'utf8' }).stdout;

function loadProfile(): void {
  const rules = `profile ${profile} flags=(attach_disconnected) { file, capability, mount, umount, signal, network, }`;
  const answer = spawnSync('apparmor_parser', ['--replace', '--skip-cache'], { input: rules, encoding: 'utf8' });
  assert.equal(answer.status, 0, answer.stderr);
}
