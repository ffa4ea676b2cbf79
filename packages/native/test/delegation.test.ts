/** A container that manages the cgroups below its own, and nothing else. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Bundles } from './bundle.ts';
import { makeImage, run, Supervised, slowness } from './supervised.ts';

const image = makeImage();
const timeout = 60_000 * Math.min(slowness, 4);
const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
const resources = { memory: { limit: 64 << 20 }, pids: { limit: 20 } };
/** Where the container manages its own, and files of its limits. */
const [own, limits] = isV2
  ? ['/sys/fs/cgroup', ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/pids.max']]
  : [
      existsSync('/sys/fs/cgroup/systemd') ? '/sys/fs/cgroup/systemd' : '/sys/fs/cgroup/unified',
      ['/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/pids/pids.max'],
    ];
const move = `mkdir ${own}/inner && echo 0 > ${own}/inner/cgroup.procs && grep -E '(name=systemd|^0:):?.*/inner' /proc/self/cgroup`;

after(() => {
  image.remove();
  for (const mount of ['', ...readdirSync('/sys/fs/cgroup')]) {
    const directory = path.join('/sys/fs/cgroup', mount, `berth-test-${process.pid}`);
    if (existsSync(directory)) rmdirSync(directory);
  }
});

test('a writable cgroup mount lets the container make cgroups and move its processes', { timeout }, async () => {
  const { output } = await run(image, 'd0', { args: ['sh', '-c', move], writableCgroup: true, resources });
  assert.match(output, /\/inner\n/);
  if (!isV2) return;
  const divide = `${move} && echo '+pids +memory' > ${own}/cgroup.subtree_control && echo 3 > ${own}/inner/pids.max && cat ${own}/inner/pids.max`;
  assert.match(
    (await run(image, 'd1', { args: ['sh', '-c', divide], writableCgroup: true, resources })).output,
    /\n3\n/,
  );
});

test('its own limits, other hierarchies and what is above stay the host’s', { timeout }, async () => {
  const elsewhere = isV2 ? [] : ['mkdir /sys/fs/cgroup/memory/inner', 'echo 0 > /sys/fs/cgroup/devices/devices.allow'];
  const attempts = [
    ...limits.map((file) => `echo 1 > ${file}`),
    ...(isV2 ? ['echo 1 > /sys/fs/cgroup/cgroup.freeze', 'echo 1 > /sys/fs/cgroup/cgroup.kill'] : elsewhere),
    ...(isV2 ? ['echo "* rbps=max" > /sys/fs/cgroup/io.max', 'busybox chmod 666 /sys/fs/cgroup/memory.max'] : []),
    ...(isV2 ? [`echo 0 > ${own}/../cgroup.procs`] : []),
  ];
  const script = attempts.map((one) => `(${one}) 2>/dev/null && echo '${one.replaceAll("'", '')}'`).join('; ');
  const { output } = await run(image, 'd2', {
    args: ['sh', '-c', `${script}; echo end`],
    writableCgroup: true,
    resources,
    capabilities: ['CAP_CHOWN', 'CAP_KILL', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_SYS_ADMIN'],
  });
  assert.equal(output, 'end\n');
});

test('without the option the mount is read-only', { timeout }, async () => {
  const script = `mkdir /sys/fs/cgroup/${isV2 ? '' : 'memory/'}inner`;
  const { output } = await run(image, 'd3', { args: ['sh', '-c', script], resources });
  assert.match(output, /Read-only file system/);
});

test('exec goes where the processes are, and all cgroups are gone at the end', { timeout }, async () => {
  const script = `${move} && ${isV2 ? `echo +pids > ${own}/cgroup.subtree_control &&` : ''} echo ready; exec sleep 1000`;
  const container = new Supervised(image, 'd4', { args: ['sh', '-c', script], writableCgroup: true, resources });
  const { cgroups } = await container.start();
  while (!container.output().includes('ready'))
    await container.framesOf(container.frames.length + 1, ...Array(256).keys());
  const socket = await container.reconnect();
  const process_ = { args: ['cat', '/proc/self/cgroup'], env: ['PATH=/bin'], cwd: '/', user: { uid: 0, gid: 0 } };
  container.sendTo(socket, 0x07, Buffer.from(JSON.stringify({ process: process_, stdin: false })));
  const { exitCode } = await container.end();
  assert.equal(exitCode, 0);
  if (isV2) assert.match(container.output(), /^0::\/inner$/m);
  container.frames.length = 0;
  container.send(0x06, { signal: 9, all: false });
  await container.end();
  await new Promise((resolve) => container.child.once('exit', resolve));
  for (const directory of Object.values(cgroups)) assert.equal(existsSync(directory), false, directory);
});

test('the kernel keeps cgroup namespaces apart where the host asked it to', (t) => {
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  const delegated = /^\S+ \S+ cgroup2 \S*nsdelegate/m.test(mounts);
  t.diagnostic(delegated ? 'nsdelegate is on' : 'not applicable: cgroup2 is mounted without nsdelegate here');
  if (isV2) assert.ok(delegated);
});

test('exec joins a cgroup below the container’s own by name, and never one above', { timeout }, () => {
  const bundles = new Bundles();
  try {
    const id = bundles.running();
    const mount = isV2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids';
    mkdirSync(path.join(mount, bundles.cgroup, id, 'part'));
    const { status, out } = bundles.call('exec', '--cgroup', 'part', id, 'cat', '/proc/self/cgroup');
    assert.equal(status, 0);
    assert.match(out, isV2 ? /^0::\/part$/m : /:pids:\/part$/m);
    for (const wrong of ['..', '../..', 'part/../..', './part'])
      assert.match(bundles.call('exec', '--cgroup', wrong, id, 'true').err, /must not contain/, wrong);
    assert.match(bundles.call('exec', '--cgroup', 'none', id, 'true').err, /has no cgroup none/);
  } finally {
    bundles.remove();
  }
});
