/** Rows M and P that are races: what the runtime looks at is exchanged meanwhile. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runtimePath } from '../../index.js';
import { slowness } from '../supervised.ts';
import { type Config, Kit } from './kit.ts';

const kit = new Kit();

const bind = (source: string, destination: string) => ({
  type: 'bind',
  source,
  destination,
  options: ['rbind'],
});

function withoutDev(config: Config): void {
  config.mounts = config.mounts.filter((one: Config) => !one.destination.startsWith('/dev'));
}

kit.case('M5', '/dev/null is exchanged for a link while paths are masked (CVE-2025-31133)', async (t) => {
  const { bundle } = kit.make((config) => {
    withoutDev(config);
    config.process.args = [
      'sh',
      '-c',
      'cat /proc/uptime | wc -c; (echo x > /proc/uptime) 2>/dev/null; stat -c %t:%T /proc/uptime',
    ];
    config.linux.maskedPaths = ['/proc/uptime', '/proc/version', '/proc/keys'];
  });
  const dev = path.join(bundle, 'rootfs/dev');
  writeFileSync(path.join(dev, 'null'), '');
  symlinkSync('/proc/sys/kernel/core_pattern', path.join(dev, 'link'));
  let started = 0;
  const tries = await kit.race(path.join(dev, 'null'), path.join(dev, 'link'), (at) => {
    const { status, out } = kit.call('run', '--bundle', bundle, `mask${process.pid}-${at}`);
    if (status !== 0) return;
    started++;
    assert.equal(out, '0\n1:3\n');
  });
  t.diagnostic(`${tries} tries, ${started} started`);
  Kit.someStarted(started);
});

kit.case('M6', '/dev/pts/N and /dev/console are exchanged for links (CVE-2025-52565)', async (t) => {
  const { bundle } = kit.make((config) => {
    config.process.terminal = true;
    config.process.args = ['sh', '-c', 'stat -c "%t %d" /dev/console; stat -L -c "%t %d" /proc/self/fd/0'];
    config.mounts = config.mounts.filter((one: Config) => one.destination !== '/dev');
  });
  const dev = path.join(bundle, 'rootfs/dev');
  for (const name of ['pts', 'shm', 'mqueue']) mkdirSync(path.join(dev, name), { recursive: true });
  writeFileSync(path.join(dev, 'console'), '');
  symlinkSync(path.join(kit.canary, 'console'), path.join(dev, 'link'));
  let started = 0;
  const run = (at: number) =>
    // A terminal of ours, which script(1) makes, is passed on to the container's.
    spawnSync('script', ['-qec', `${runtimeLine()} run --bundle ${bundle} pts${process.pid}-${at}`, '/dev/null'], {
      encoding: 'utf8',
      input: '',
      timeout: 20_000 * slowness,
    });
  const tries = await kit.race(path.join(dev, 'console'), path.join(dev, 'link'), (at) => {
    const { status, stdout } = run(at);
    if (status !== 0) return;
    started++;
    // The pty of its own, major 136, unless the link was there when the program looked.
    const [console_, terminal] = stdout.match(/88 \d+/g) ?? [];
    if (terminal !== undefined) assert.equal(console_, terminal, stdout);
  });
  t.diagnostic(`${tries} tries, ${started} started`);
  Kit.someStarted(started);
  // No devpts at all, but a directory that looks like one.
  const { id, bundle: other } = kit.make((config) => {
    config.process.terminal = true;
    config.mounts = config.mounts.filter((one: Config) => one.destination !== '/dev/pts');
    config.mounts.push(bind(path.join(kit.canary, 'pts'), '/dev/pts'));
  });
  const answer = spawnSync('script', ['-qec', `${runtimeLine()} run --bundle ${other} ${id}`, '/dev/null'], {
    encoding: 'utf8',
    input: '',
  });
  assert.match(answer.stdout, /opening a terminal/);
});

function runtimeLine(): string {
  return `${runtimePath} --root ${kit.root}`;
}

kit.case('P7', 'what a sysctl is written through is exchanged (CVE-2025-52881)', async (t) => {
  const shared = path.join(kit.image.directory, 'sysctl');
  for (const name of ['a', 'b']) mkdirSync(path.join(shared, name), { recursive: true });
  mkdirSync(path.join(shared, 'a/sys/net/ipv4'), { recursive: true });
  symlinkSync('/proc/sys/kernel/core_pattern', path.join(shared, 'a/sys/net/ipv4/ip_forward'));
  const { bundle } = kit.make((config) => {
    config.process.args = ['cat', '/proc/sys/net/ipv4/ip_forward'];
    config.linux.sysctl = { 'net.ipv4.ip_forward': '1' };
  });
  const rootfs = path.join(bundle, 'rootfs');
  const fake = mkdtempSync(path.join(rootfs, 'fake-'));
  spawnSync('cp', ['-a', path.join(shared, 'a/sys'), fake]);
  let started = 0;
  // The mount point of procfs itself against a directory that looks like it.
  const tries = await kit.race(path.join(rootfs, 'proc'), fake, (at) => {
    // What it reads is the racer's to choose, who goes on meanwhile; what was written the canaries tell.
    const { status, out } = kit.call('run', '--bundle', bundle, `ctl${process.pid}-${at}`);
    if (status === 0 && out !== '') started++;
  });
  t.diagnostic(`${tries} tries, ${started} started`);
  Kit.someStarted(started);
  const { id, bundle: bent } = kit.make((config) => {
    config.mounts = config.mounts.filter((one: Config) => one.destination !== '/proc');
    config.linux.sysctl = { 'net.ipv4.ip_forward': '1' };
    config.linux.maskedPaths = config.linux.readonlyPaths = [];
    config.mounts.push(bind(path.join(shared, 'a'), '/proc'));
  });
  const answer = kit.call('run', '--bundle', bent, id);
  assert.equal(answer.status, 1);
  assert.match(answer.err, /setting sysctls|\/proc/);
});

kit.case('M17', 'mounts without number', () => {
  const most = Number(readFileSync('/proc/sys/fs/mount-max', 'utf8'));
  const script =
    'mkdir /m; mount -t tmpfs none /m; mkdir /m/a; n=0; while mount --rbind /m /m/a 2>/tmp/why; do n=$((n+1)); [ $n -gt 40 ] && exit 3; done; cat /tmp/why; wc -l < /proc/self/mountinfo';
  const out = kit.shell(script, (config) => {
    for (const set of ['bounding', 'effective', 'permitted']) config.process.capabilities[set].push('CAP_SYS_ADMIN');
    const maps = [{ containerID: 0, hostID: 0, size: 65_536 }];
    config.linux.namespaces.push({ type: 'user' });
    Object.assign(config.linux, { uidMappings: maps, gidMappings: maps });
  });
  assert.match(out, /No space left on device/);
  assert.ok(Number(out.split('\n').at(-1)) <= most, out);
  const host = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /mnt && mountpoint -q /mnt']);
  assert.equal(host.status, 0, 'the host still mounts');
});

kit.case('M20', 'an overlay whose mounter has no id there comes up read-only', async () => {
  const name = 'unmapped';
  const maps = [{ containerID: 1, hostID: 1_500_001, size: 65_535 }];
  const container = kit.supervise(name, { args: ['true'], maps });
  const { type, payload } = await container.frame(0x84, 0x86);
  assert.equal(type, 0x84, payload);
  assert.match(payload, /read-only/);
  rmSync(container.directory, { recursive: true });
  assert.ok(!existsSync(container.directory));
});
