// The OCI runtimes by their command line: one bundle, and the walls of a container added to it one after the other.
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { defaultCapabilities } from '../../apps/agent/src/engine/runtime/capabilities.ts';
import { parseProfile, resolveProfile } from '../../apps/agent/src/engine/runtime/seccomp-profile.ts';
import { root } from '../setup.mjs';
import { mountHugetlb, must, own, requireProgram, work } from './stage.mjs';

const capabilities = [...defaultCapabilities];
const mapping = [{ containerID: 0, hostID: 1_700_000_000, size: 65_536 }];

/** Each adds to the configuration that those before it made. The last one only berth-runtime can: see `layers`. */
const walls = [
  ['namespaces, mounts, devices, capabilities', () => {}],
  ['+ masked and read-only paths', mask],
  ['+ user namespace', useUserNamespace],
  ['+ seccomp', filter],
  ['+ idmapped overlay', () => {}],
];

/**
 * @param {(name: string, once: () => Promise<void>) => Promise<void>} add
 * @param {typeof import('@berth/native')} native
 */
export async function addRuntimes(add, native, notMeasured) {
  for (const [name, program] of [
    ['berth-runtime', native.runtimePath],
    ['crun', 'crun'],
    ['runc', 'runc'],
  ]) {
    try {
      requireProgram(program);
      for (const [index, [what]] of walls.entries()) {
        const isOverlay = index === walls.length - 1;
        if (isOverlay && name !== 'berth-runtime') continue;
        await addRuntime(add, native, { name, program, level: index, what, isOverlay });
      }
    } catch (error) {
      notMeasured.push(`${name}: ${error.message.trim().split('\n').at(-1)}`);
    }
  }
}

async function addRuntime(add, native, { name, program, level, what, isOverlay }) {
  const label = `${name}-${level}`;
  const bundle = makeBundle(label, level);
  const args = ['--root', path.join(work, `${label}-state`), 'run', '--bundle', bundle];
  if (isOverlay) args.push(...layers(bundle));
  args.push(`${own}-${label}`);
  try {
    must(program, args);
  } catch (error) {
    if (!mountHugetlb()) throw error;
    must(program, args);
  }
  const executable = program.includes('/') ? program : must('which', [program]).trim();
  await add(`${name.padEnd(14)} ${what}`, () => runBare(native, executable, [name, ...args]));
}

/** An overlay is not in the specification: berth-runtime takes it from its command line, others from an engine. */
function layers(bundle) {
  const place = path.join(bundle, 'layer');
  for (const name of ['upper', 'work']) mkdirSync(path.join(place, name), { recursive: true });
  return [
    '--lower',
    path.join(bundle, 'rootfs'),
    '--upper',
    path.join(place, 'upper'),
    '--work',
    path.join(place, 'work'),
  ];
}

/** A root file system of busybox and a configuration as `runc spec` writes it, run as one job without a terminal. */
function makeBundle(label, level) {
  const place = path.join(work, `${label}-bundle`);
  const rootfs = path.join(place, 'rootfs');
  for (const name of ['bin', 'dev', 'proc', 'sys', 'tmp']) mkdirSync(path.join(rootfs, name), { recursive: true });
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((file) => existsSync(file));
  copyFileSync(busybox, path.join(rootfs, 'bin/busybox'));
  symlinkSync('busybox', path.join(rootfs, 'bin/true'));
  const mount = (destination, type, options, source = type) => ({ destination, type, source, options });
  const config = {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ['/bin/true'],
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: true,
    },
    root: { path: rootfs, readonly: true },
    hostname: 'bench',
    mounts: [
      mount('/proc', 'proc', ['nosuid', 'noexec', 'nodev']),
      mount('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
      mount('/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
      mount('/dev/shm', 'tmpfs', ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'], 'shm'),
      mount('/dev/mqueue', 'mqueue', ['nosuid', 'noexec', 'nodev']),
      mount('/sys', 'sysfs', ['nosuid', 'noexec', 'nodev', 'ro']),
    ],
    linux: {
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: 'rwm' }], pids: { limit: 2048 } },
      cgroupsPath: `/${own}/${label}`,
    },
  };
  for (const [, build] of walls.slice(0, level + 1)) build(config);
  writeFileSync(path.join(place, 'config.json'), JSON.stringify(config));
  return place;
}

function mask(config) {
  config.linux.maskedPaths = [
    ...['/proc/acpi', '/proc/asound', '/proc/interrupts', '/proc/kcore', '/proc/keys', '/proc/latency_stats'],
    ...['/proc/sched_debug', '/proc/scsi', '/proc/timer_list', '/proc/timer_stats', '/sys/firmware'],
    '/sys/devices/virtual/powercap',
  ];
  config.linux.readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];
}

function useUserNamespace(config) {
  config.linux.namespaces.push({ type: 'user' });
  Object.assign(config.linux, { uidMappings: mapping, gidMappings: mapping });
}

/** As the agent would give it to such a process. */
function filter(config) {
  const profile = parseProfile(readFileSync(path.join(root, 'packages/native/profiles/seccomp.json'), 'utf8'));
  config.linux.seccomp = resolveProfile(profile, {
    capabilities,
    architecture: process.arch,
    kernelRelease: os.release(),
  });
}

/** Starts a program as cheaply as this machine can (no fork of Node, which would be half of what is measured). */
async function runBare(native, executable, argv) {
  const executableFd = openSync(executable, 'r');
  // A file of ours, as in `must`: /dev/null would go to the container's root.
  const nothing = openSync(path.join(work, 'nothing'), 'a+');
  try {
    const { pidfd } = await native.spawnSupervisor({ executableFd, argv, fds: [nothing, nothing, nothing] });
    const { exitCode } = await new Promise((resolve) => native.watchPidfd(pidfd, resolve));
    native.closeFd(pidfd);
    if (exitCode !== 0) throw new Error(`${argv[0]}: exit code ${exitCode}`);
  } finally {
    closeSync(executableFd);
    closeSync(nothing);
  }
}
