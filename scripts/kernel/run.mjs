// Runs a command on a distribution's kernel in an emulated machine whose user space is this machine's own, read-only,
// under a layer in memory: pure cgroup v2, AppArmor, modules. Needs no KVM. What the command writes is gone afterwards.
//
//   node scripts/kernel/run.mjs [--timeout SECONDS] [--append KERNEL_PARAMETERS] [--selinux yes] -- COMMAND [ARGUMENT...]
//
// `--selinux yes`: SELinux in enforcing mode in AppArmor's place, with the distribution's policy and our module.
//
// Exit codes: the command's own; 124 when the time was up; 125 when the machine did not get as far as the command.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpio } from './cpio.mjs';
import { policyFile, setup as setupPolicy } from './selinux.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const cache = path.join(root, '.setup/kernel');
const tree = path.join(cache, 'tree');
const packagePattern = /^linux-image-6\.12\.(\d+)\S*?-amd64(-unsigned)?$/;
/** In the order in which they depend on each other. */
const modules = ['fs/netfs/netfs', 'net/9p/9pnet', 'net/9p/9pnet_virtio', 'fs/9p/9p', 'fs/overlayfs/overlay'];

/**
 * Fetches and unpacks the kernel once. Returns what it did, or undefined when there was nothing to do.
 * @param {{ log?: number }} options `log`: file descriptor that takes the programs' output.
 */
export async function setup({ log } = {}) {
  if (findKernel() !== undefined) return undefined;
  if (process.arch !== 'x64') return `not on ${process.arch}: the emulated machine runs x64 programs only`;
  mkdirSync(cache, { recursive: true });
  let name = newestPackage();
  if (name === undefined) {
    step('apt-get', ['update'], log);
    name = newestPackage();
  }
  if (name === undefined) {
    throw new Error('apt knows no package linux-image-6.12.*-amd64. Add Debian bookworm-security or -backports.');
  }
  const unpacked = mkdtempSync(path.join(cache, 'unpack-'));
  try {
    step('apt-get', ['download', name], log, unpacked);
    const archive = readdirSync(unpacked).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get download ${name} left no package in ${unpacked}`);
    const contents = path.join(unpacked, 'tree');
    step('dpkg', ['-x', archive, contents], log, unpacked);
    for (const release of readdirSync(path.join(contents, 'lib/modules'))) {
      step('depmod', ['-b', contents, release], log);
    }
    rmSync(tree, { recursive: true, force: true });
    renameSync(contents, tree);
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
  return `unpacked ${name}`;
}

/**
 * @param {string[]} command
 * @param {{ timeoutSeconds?: number, append?: string, selinux?: boolean, onOutput?: (chunk: Buffer) => void }} options
 *   `append`: further kernel parameters. `onOutput` takes what the command writes, stdout and stderr as one.
 * @returns {Promise<{ exitCode: number, why?: string }>} `why` is told when the command's own end was not seen.
 */
export async function runOnKernel(command, options = {}) {
  const { timeoutSeconds = 180, append = '', selinux = false, onOutput = () => {} } = options;
  const kernel = findKernel();
  if (kernel === undefined) throw new Error('The distribution kernel is not here yet: run `npm run setup -- --test`.');
  const work = mkdtempSync(path.join(os.tmpdir(), 'berth-kernel-'));
  const initramfs = path.join(work, 'initramfs');
  const console_ = path.join(work, 'console');
  const status = path.join(work, 'status');
  try {
    writeFileSync(initramfs, makeInitramfs(kernel, command, selinux));
    const machine = spawn(
      'qemu-system-x86_64',
      // One processor: with two, code that one of them writes while the other runs it, as V8 does, at times goes wrong
      // in the emulator, and Node crashes.
      [
        ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '1', '-m', '3072', '-nic', 'none'],
        ...['-nodefaults', '-display', 'none', '-no-reboot'],
        ...['-serial', `file:${console_}`, '-serial', 'stdio', '-serial', `file:${status}`],
        ...['-kernel', kernel.image, '-initrd', initramfs],
        ...[
          '-append',
          `console=ttyS0 loglevel=4 panic=-1 ${selinux ? 'security=selinux selinux=1 ' : ''}${append}`.trim(),
        ],
        ...['-virtfs', 'local,path=/,mount_tag=hostroot,security_model=none,readonly=on,multidevs=remap'],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    machine.stdout.on('data', onOutput);
    let complaint = '';
    machine.stderr.on('data', (chunk) => {
      complaint += chunk;
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      machine.kill('SIGKILL');
    }, timeoutSeconds * 1000);
    // The machine never outlives this process, however that ends.
    const kill = () => {
      machine.kill('SIGKILL');
      rmSync(work, { recursive: true, force: true });
    };
    process.once('exit', kill);
    const started = await new Promise((resolve) => {
      machine.once('error', (error) => resolve(error));
      machine.once('close', () => resolve(undefined));
    });
    clearTimeout(timer);
    process.removeListener('exit', kill);
    if (started instanceof Error) return { exitCode: 125, why: `qemu-system-x86_64 did not start: ${started.message}` };
    const told = existsSync(status) ? readFileSync(status, 'utf8').trim() : '';
    if (/^\d+$/.test(told)) return { exitCode: Number(told) };
    if (late) return { exitCode: 124, why: `not finished after ${timeoutSeconds} s` };
    const tail = existsSync(console_) ? readFileSync(console_, 'utf8').split('\n').slice(-30).join('\n') : '';
    return { exitCode: 125, why: `the machine ended early\n${complaint}${tail}` };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function findKernel() {
  const boot = path.join(tree, 'boot');
  if (!existsSync(boot)) return undefined;
  const image = readdirSync(boot).find((file) => file.startsWith('vmlinuz-'));
  if (image === undefined) return undefined;
  return { image: path.join(boot, image), release: image.slice('vmlinuz-'.length) };
}

/** The signed package of the newest 6.12 that apt knows, else the unsigned one. */
function newestPackage() {
  const answer = spawnSync('apt-cache', ['search', '--names-only', '^linux-image-6\\.12\\..*-amd64'], {
    encoding: 'utf8',
  });
  if (answer.error !== undefined) throw new Error(`apt-cache: ${answer.error.message}`);
  const found = answer.stdout
    .split('\n')
    .map((line) => packagePattern.exec(line.split(' ')[0] ?? ''))
    .filter((match) => match !== null && !/-(cloud|rt)-/.test(match[0]))
    .sort((a, b) => Number(a[1]) - Number(b[1]) || Number(a[2] === undefined) - Number(b[2] === undefined));
  return found.at(-1)?.[0];
}

function makeInitramfs(kernel, command, selinux) {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((file) => existsSync(file));
  if (busybox === undefined) throw new Error('No busybox found for the emulated machine: install busybox-static.');
  const settings = `#!/bin/busybox sh\nREPOSITORY=${quote(root)}\n`;
  const environment = {
    PATH: `${root}/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: '/root',
    LANG: 'C.UTF-8',
    // The emulated machine is slower by an order of magnitude; tests stretch their patience by this.
    BERTH_TEST_SLOWNESS: '15',
  };
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`);
  return cpio([
    { name: 'bin', mode: 0o40755 },
    { name: 'bin/busybox', mode: 0o100755, data: readFileSync(busybox) },
    { name: 'modules', mode: 0o40755 },
    ...modules.map((name) => ({
      name: `modules/${path.basename(name)}.ko`,
      mode: 0o100644,
      data: readModule(path.join(tree, 'lib/modules', kernel.release, 'kernel', name), busybox),
    })),
    {
      name: 'modules/order',
      mode: 0o100644,
      data: Buffer.from(modules.map((name) => `${path.basename(name)}.ko\n`).join('')),
    },
    ...(selinux ? [{ name: 'policy', mode: 0o100644, data: readFileSync(policyFile) }] : []),
    { name: 'init', mode: 0o100755, data: Buffer.from(settings + readFileSync(path.join(here, 'init.sh'), 'utf8')) },
    {
      name: 'command',
      mode: 0o100644,
      data: Buffer.from(
        `${exports.join('\n')}\ncd ${quote(process.cwd())} || exit 125\nexec ${command.map(quote).join(' ')}\n`,
      ),
    },
  ]);
}

function readModule(place, busybox) {
  if (existsSync(`${place}.ko`)) return readFileSync(`${place}.ko`);
  const answer = spawnSync(busybox, ['unxz', '-c', `${place}.ko.xz`], { maxBuffer: 64 << 20 });
  if (answer.status !== 0) throw new Error(`cannot unpack ${place}.ko.xz: ${answer.stderr}`);
  return answer.stdout;
}

function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function step(command, args, log, cwd = cache) {
  const answer = spawnSync(command, args, { cwd, stdio: ['ignore', log ?? 'ignore', log ?? 'ignore'] });
  if (answer.error !== undefined) throw new Error(`${command}: ${answer.error.message}`);
  if (answer.status !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${answer.status}`);
}

function parseArguments(args) {
  const end = args.indexOf('--');
  const options = end === -1 ? [] : args.slice(0, end);
  const command = end === -1 ? [] : args.slice(end + 1);
  const parsed = { command, timeoutSeconds: 180, append: '', selinux: false };
  for (let i = 0; i < options.length; i += 2) {
    const value = options[i + 1];
    if (options[i] === '--timeout' && Number(value) > 0) parsed.timeoutSeconds = Number(value);
    else if (options[i] === '--append' && value !== undefined) parsed.append = value;
    else if (options[i] === '--selinux' && value === 'yes') parsed.selinux = true;
    else return undefined;
  }
  return command.length === 0 ? undefined : parsed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const parsed = parseArguments(process.argv.slice(2));
  if (parsed === undefined) {
    console.error(
      'usage: run.mjs [--timeout SECONDS] [--append KERNEL_PARAMETERS] [--selinux yes] -- COMMAND [ARGUMENT...]',
    );
    process.exit(2);
  }
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])
    process.once(signal, () => process.exit(code));
  await setup();
  if (parsed.selinux) await setupPolicy();
  const { exitCode, why } = await runOnKernel(parsed.command, {
    ...parsed,
    onOutput: (chunk) => process.stdout.write(chunk),
  });
  if (why !== undefined) console.error(`emulated machine: ${why}`);
  process.exitCode = exitCode;
}
