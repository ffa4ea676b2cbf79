/** Rows P: our binary, descriptors, /proc and hooks as attackers have used them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Config, descriptors, Kit } from './kit.ts';

const kit = new Kit();
const shell = kit.shell.bind(kit);

function grant(config: Config, ...names: string[]): void {
  for (const set of ['bounding', 'effective', 'permitted']) config.process.capabilities[set].push(...names);
}

kit.case('P1', 'the runtime is made to execute and overwrite itself (CVE-2019-5736)', () => {
  const { id, bundle } = kit.make((config) => Object.assign(config.process, { args: ['/evil'] }));
  writeFileSync(path.join(bundle, 'rootfs/evil'), '#!/proc/self/exe\n', { mode: 0o755 });
  assert.notEqual(kit.call('run', '--bundle', bundle, id).status, 0);
  const overwrite =
    'while true; do for p in /proc/[0-9]*; do (echo x > $p/exe) 2>/dev/null && echo $p >> /written; done; done';
  const victim = kit.live((config) => Object.assign(config.process, { args: ['sh', '-c', overwrite] }));
  for (let tries = 0; tries < 20; tries++) assert.equal(kit.call('exec', victim, 'true').status, 0);
  const written = path.join(kit.state(victim).bundle, 'rootfs/written');
  assert.throws(() => readFileSync(written), { code: 'ENOENT' });
});

kit.case('P2', 'the runtime inside shares no page with the file of the host', () => {
  const { id, bundle } = kit.make((config) => Object.assign(config.process, { args: ['sleep', '1000'] }));
  kit.create(id, bundle);
  const { pid } = kit.state(id);
  assert.equal(readlinkSync(`/proc/${pid}/exe`), '/memfd:berth-runtime (deleted)');
});

kit.case('P3', 'the working directory is a descriptor of the runtime (CVE-2024-21626, CVE-2016-9962)', () => {
  const id = kit.live();
  for (let fd = 0; fd < 16; fd++) {
    const cwd = `/proc/self/fd/${fd}`;
    for (const way of [cwd, `${cwd}/..`, `/proc/1/fd/${fd}`]) {
      const answer = kit.call(
        'exec',
        '--cwd',
        way,
        id,
        'sh',
        '-c',
        `cat ${kit.canary.slice(1)}/secret; pwd; ls /proc/self/cwd/`,
      );
      assert.doesNotMatch(answer.out, /host secret/);
      if (answer.status === 0) assert.match(answer.out, /^\//m, way);
    }
  }
});

kit.case('P4', 'descriptors leak into the container or stay in its supervisor', async () => {
  await kit.supervised({ args: ['sleep', '1000'] }, (container, init, supervisor) => {
    assert.deepEqual(descriptors(init), []);
    const own = `${container.directory}/state/log`.replace(/\d+/g, 'N');
    for (const one of descriptors(supervisor))
      assert.ok(one === own || /^(socket:|pipe:|anon_inode:|\/sys\/fs\/cgroup\/|\/dev\/null$)/.test(one), one);
  });
});

kit.case('P7', 'a sysctl is not of the container or leads elsewhere (CVE-2025-52881, CVE-2022-0811)', () => {
  const names = [
    'kernel.core_pattern',
    'net/../kernel/core_pattern',
    'net...kernel.core_pattern',
    'kernel.hostname',
    'vm.overcommit_memory',
    'net',
    '',
  ];
  for (const name of names) {
    const answer = kit.run((config) => (config.linux.sysctl = { [name]: '1' }));
    assert.equal(answer.status, 1, name);
    assert.match(answer.err, /sysctl/, name);
  }
});

kit.case('P11', 'what /proc and /sys tell about the host (GHSA-6fw5-f8r9-fgfm, GHSA-jq35-85cj-fj4p)', () => {
  const masked = [
    'acpi',
    'asound',
    'interrupts',
    'kcore',
    'keys',
    'latency_stats',
    'timer_list',
    'timer_stats',
    'sched_debug',
    'scsi',
  ].map((name) => `/proc/${name}`);
  const paths = [...masked, '/sys/firmware', '/sys/devices/virtual/powercap'];
  kit.lacks(...paths.filter((one) => !existsSync(one)));
  for (const one of [[], ['CAP_SYS_ADMIN', 'CAP_SYS_RAWIO', 'CAP_DAC_OVERRIDE']]) {
    const out = shell(
      `for p in ${paths.join(' ')}; do [ -d $p ] && ls -A $p || cat $p 2>/dev/null; done; true`,
      (config) => grant(config, ...one),
    );
    assert.equal(out, '');
  }
});

kit.case('P13', 'settings of the whole machine are written', () => {
  const files = [
    '/proc/sys/kernel/core_pattern',
    '/proc/sys/kernel/hotplug',
    '/proc/sysrq-trigger',
    '/sys/kernel/uevent_helper',
    '/proc/sys/vm/overcommit_memory',
    '/proc/irq/default_smp_affinity',
  ];
  for (const one of [[], ['CAP_SYS_ADMIN', 'CAP_DAC_OVERRIDE']]) {
    const script = files.map(
      (file) =>
        `(cat ${file} 2>/dev/null || echo x) 2>/dev/null > /tmp/old; (cat /tmp/old > ${file}) 2>/dev/null && echo ${file}`,
    );
    assert.equal(
      shell(`${script.join(';')}; true`, (config) => grant(config, ...one)),
      '',
    );
  }
});

kit.case('P16', 'a container in the pid namespace of the host looks into a supervisor', async () => {
  await kit.supervised({ args: ['sleep', '1000'] }, (_container, _init, supervisor) => {
    const at = `/proc/${supervisor}`;
    const out = shell(
      `[ -d ${at} ] && echo there; for f in environ maps auxv mem; do head -c 1 ${at}/$f 2>/dev/null; done; for f in ${at}/exe ${at}/cwd ${at}/fd/*; do busybox readlink $f; done; true`,
      (config) => {
        config.linux.namespaces = config.linux.namespaces.filter((one: Config) => one.type !== 'pid');
      },
    );
    assert.equal(out, 'there');
  });
});

kit.case('P18', 'a hook gets the environment of the image (CVE-2025-23266)', () => {
  const told = path.join(kit.image.directory, 'told');
  const script = `{ tr '\\0' '\\n' < /proc/self/environ; readlink /proc/$$/cwd; } > ${told}`;
  const { id, bundle } = kit.make((config) => {
    config.process.args = ['true'];
    config.process.env.push('LD_PRELOAD=/evil.so');
    config.hooks = { createContainer: [{ path: '/bin/sh', args: ['sh', '-c', script] }] };
  });
  mkdirSync(path.join(bundle, 'rootfs/lib'));
  assert.equal(kit.call('run', '--bundle', bundle, id).status, 0);
  assert.doesNotMatch(readFileSync(told, 'utf8'), /LD_PRELOAD|rootfs/);
});
