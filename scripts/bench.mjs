// `npm run bench`: what one container costs, side by side with the runtimes and engines that are installed here.
// Every round runs each contender once, so that whatever else the machine does meets all of them alike.
//
//   npm run bench [-- --rounds N]
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pinnedEnvironment, pinnedNode, root, setup, starterImage } from './setup.mjs';

const rounds = readRounds();
const own = `berth-bench-${process.pid}`;
const work = mkdtempSync(path.join(os.tmpdir(), `${own}-`));
chmodSync(work, 0o711); // roots of user namespaces walk through
const namespace = `/run/netns/${own}`;
const hugetlb = '/sys/fs/cgroup/hugetlb';
const notMeasured = [];
/** Undone in reverse order, whatever happens. */
const undo = [];
let cleaned = false;

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])
  process.on(signal, () => process.exit(code));
process.on('exit', cleanUp);

if (process.getuid?.() !== 0) {
  console.error('The benchmark makes containers, which needs root.');
  process.exit(1);
}
await setup({ web: false });
const native = await import('@berth/native');
const { resolveProfile } = await import('../apps/agent/src/engine/runtime/seccomp-profile.ts');
undo.push(() => rmSync(work, { recursive: true, force: true }));
undo.push(removeCgroups);
must('ip', ['netns', 'add', own]);
undo.push(() => spawnSync('ip', ['netns', 'del', own]));
must('ip', ['-n', own, 'link', 'set', 'lo', 'up']);

const bundle = makeBundle();
const contenders = [];
const supervisors = [];
for (const [name, prepare] of [
  ['Berth', prepareBerth],
  ['berth-runtime', () => prepareRuntime('berth-runtime', native.runtimePath)],
  ['crun', () => prepareRuntime('crun', 'crun')],
  ['runc', () => prepareRuntime('runc', 'runc')],
  ['berth-runtime with walls', () => prepareRuntime('berth-runtime', native.runtimePath, true)],
  ['crun with walls', () => prepareRuntime('crun', 'crun', true)],
  ['runc with walls', () => prepareRuntime('runc', 'runc', true)],
  ['podman', preparePodman],
  ['docker', prepareDocker],
]) {
  try {
    await prepare();
  } catch (error) {
    notMeasured.push(`${name}: ${gist(error)}`);
  }
}
await measure();
report();
process.exit(contenders.some(({ name }) => name.startsWith('Berth')) ? 0 : 1);

// ---- contenders: each adds { name, once }, once runs one container from nothing to nothing

async function prepareBerth() {
  const socketPath = path.join(work, 'berth/run/docker.sock');
  const args = [path.join(root, 'apps/agent/src/main.ts'), 'serve', '--standalone'];
  args.push('--data-dir', path.join(work, 'berth/data'), '--run-dir', path.join(work, 'berth/run'));
  args.push('--cgroup-parent', own, '--bridge', `bt${process.pid}`);
  const agent = startInNamespace(pinnedNode, ['--disable-warning=ExperimentalWarning', ...args]);
  const connection = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method, target, body) => request({ agent: connection, socketPath, method, path: target }, body);
  await untilAnswers(() => ask('GET', '/_ping'), agent);
  await ask('POST', '/images/load', readFileSync(starterImage));
  const run = async (networkMode) => {
    const created = await ask('POST', '/containers/create', {
      Image: 'busybox:latest',
      Cmd: ['true'],
      HostConfig: { NetworkMode: networkMode },
    });
    await ask('POST', `/containers/${created.Id}/start`);
    const ended = await ask('POST', `/containers/${created.Id}/wait`);
    await ask('DELETE', `/containers/${created.Id}`);
    if (ended.StatusCode !== 0) throw new Error(`true ended with ${ended.StatusCode}`);
  };
  await addContender('Berth API, bridge network, seccomp', () => run('bridge'));
  await addContender('Berth API, no network, seccomp', () => run('none'));
  const sleepers = [];
  for (const count of [1, 10]) {
    while (sleepers.length < count) {
      const { Id } = await ask('POST', '/containers/create', { Image: 'busybox:latest', Cmd: ['sleep', '1000'] });
      await ask('POST', `/containers/${Id}/start`);
      sleepers.push(Id);
    }
    const pids = await Promise.all(sleepers.map(async (id) => (await ask('GET', `/containers/${id}/json`)).State.Pid));
    await noteSupervisor(count === 1 ? 'Berth supervisor, one alone' : `Berth supervisor, each of ${count}`, ...pids);
  }
  for (const id of sleepers) await ask('DELETE', `/containers/${id}?force=1`);
}

/** `walls`: with a user namespace and the default seccomp profile too. */
async function prepareRuntime(name, program, walls = false) {
  requireProgram(program);
  const label = walls ? `${name}-walls` : name;
  const state = path.join(work, `${label}-state`);
  const runtimeBundle = path.join(work, `${label}-bundle`);
  mkdirSync(runtimeBundle);
  const spec = JSON.parse(readFileSync(path.join(bundle, 'config.json'), 'utf8'));
  spec.linux.cgroupsPath = `/${own}/${label}`;
  if (walls) {
    const mapping = [{ containerID: 0, hostID: 1_700_000_000, size: 65_536 }];
    spec.linux.namespaces.push({ type: 'user' });
    Object.assign(spec.linux, { uidMappings: mapping, gidMappings: mapping, seccomp: defaultSeccomp(spec) });
  }
  writeFileSync(path.join(runtimeBundle, 'config.json'), JSON.stringify(spec));
  const args = ['--root', state, 'run', '--bundle', runtimeBundle, `${own}-${label}`];
  try {
    must(program, args);
  } catch (error) {
    if (!mountHugetlb()) throw error;
    must(program, args);
  }
  const executable = program.includes('/') ? program : must('which', [program]).trim();
  const once = () => runBare(executable, [name, ...args]);
  await addContender(`${name} run, no network, ${walls ? 'user namespace, seccomp' : 'no seccomp'}`, once);
}

/** As the agent would give it to such a process. */
function defaultSeccomp(spec) {
  const profile = JSON.parse(readFileSync(path.join(root, 'packages/native/profiles/seccomp.json'), 'utf8'));
  return resolveProfile(profile, spec.process.capabilities.bounding, process.arch);
}

async function preparePodman() {
  requireProgram('podman');
  mountHugetlb();
  const base = ['--root', path.join(work, 'podman'), '--runroot', path.join(work, 'podman-run')];
  base.push('--cgroup-manager', 'cgroupfs', '--events-backend', 'none');
  undo.push(() => {
    spawnSync('podman', [...base, 'rm', '--all', '--force', '--time', '0'], { stdio: 'ignore' });
    for (const place of mountsBelow(path.join(work, 'podman'))) spawnSync('umount', [place]);
  });
  must('podman', [...base, 'load', '--input', starterImage]);
  const limits = ['--ulimit', 'nofile=512:512', '--ulimit', 'nproc=512:512', '--cgroup-parent', `/${own}`];
  const image = ['docker.io/library/busybox:latest', 'localhost/busybox:latest'].find(
    (candidate) => spawnSync('podman', [...base, 'image', 'exists', candidate]).status === 0,
  );
  if (image === undefined) throw new Error('the starter image was not found after podman load');
  const run = [...base, 'run', ...limits, '--network', 'none'];
  await addContender('podman run --rm, no network', () => must('podman', [...run, '--rm', image, 'true']));
  const id = must('podman', [...run, '--detach', image, 'sleep', '1000']).trim();
  const pid = Number(must('podman', [...base, 'inspect', '--format', '{{.State.ConmonPid}}', id]));
  notePss('podman conmon', pid);
  must('podman', [...base, 'rm', '--force', '--time', '0', id]);
}

async function prepareDocker() {
  requireProgram('docker');
  requireProgram('dockerd');
  mountHugetlb();
  const socket = path.join(work, 'docker.sock');
  const daemon = startInNamespace('dockerd', [
    ...[
      '--host',
      `unix://${socket}`,
      '--data-root',
      path.join(work, 'docker'),
      '--exec-root',
      path.join(work, 'docker-run'),
    ],
    ...['--pidfile', path.join(work, 'docker.pid'), '--bip', '10.99.0.1/24', '--cgroup-parent', `/${own}/docker`],
  ]);
  const docker = (...args) => must('docker', ['-H', `unix://${socket}`, ...args]);
  await untilAnswers(async () => docker('version'), daemon, 30);
  docker('load', '--input', starterImage);
  for (const [label, network] of [
    ['no', 'none'],
    ['bridge', 'bridge'],
  ]) {
    const once = () => docker('run', '--rm', '--network', network, 'busybox:latest', 'true');
    await addContender(`docker run --rm, ${label} network`, once);
  }
  const id = docker('run', '--detach', '--network', 'none', 'busybox:latest', 'sleep', '1000').trim();
  await noteSupervisor('docker containerd-shim', Number(docker('inspect', '--format', '{{.State.Pid}}', id)));
  docker('rm', '--force', id);
}

// ---- measuring

async function addContender(name, once) {
  try {
    for (let i = 0; i < 3; i++) await once();
    contenders.push({ name, once, times: [] });
  } catch (error) {
    notMeasured.push(`${name}: ${gist(error)}`);
  }
}

async function measure() {
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const began = process.hrtime.bigint();
      await contender.once();
      contender.times.push(Number(process.hrtime.bigint() - began) / 1e6);
    }
  }
}

async function noteSupervisor(name, ...containerPids) {
  const status = containerPids.map((pid) => readFileSync(`/proc/${pid}/status`, 'utf8'));
  await sleep(2500);
  notePss(name, ...status.map((text) => Number(/^PPid:\s+(\d+)$/m.exec(text)?.[1])));
}

/** The mean of these processes. */
function notePss(name, ...pids) {
  const rollups = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  const mean = (field) => {
    const values = rollups.map((text) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]));
    return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
  };
  supervisors.push({ name, pss: mean('Pss'), rss: mean('Rss') });
}

function report() {
  const ms = (value) => value.toFixed(2).padStart(9);
  console.log(`\nOne container running "true", from nothing to nothing; ${rounds} interleaved rounds, milliseconds`);
  console.log(`${''.padEnd(55)}   median       p10       p90`);
  for (const { name, times } of contenders) {
    const sorted = times.toSorted((a, b) => a - b);
    const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
    console.log(`${name.padEnd(55)}${ms(at(0.5))} ${ms(at(0.1))} ${ms(at(0.9))}`);
  }
  console.log('\nWhat stays resident for each running container, kB');
  console.log(`${''.padEnd(55)}      PSS       RSS`);
  for (const { name, pss, rss } of supervisors) {
    console.log(`${name.padEnd(55)}${String(pss).padStart(9)} ${String(rss).padStart(9)}`);
  }
  console.log(
    '\nThe API figures are four requests over a kept connection; crun and runc are started without a fork of Node, the others by one.',
  );
  for (const line of notMeasured) console.log(`not measured: ${line}`);
}

// ---- parts

/** A root file system of busybox and a configuration as `runc spec` writes it, run as one job without a terminal. */
function makeBundle() {
  const place = path.join(work, 'bundle');
  const rootfs = path.join(place, 'rootfs');
  for (const name of ['bin', 'dev', 'proc', 'sys', 'tmp']) mkdirSync(path.join(rootfs, name), { recursive: true });
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((file) => existsSync(file));
  copyFileSync(busybox, path.join(rootfs, 'bin/busybox'));
  symlinkSync('busybox', path.join(rootfs, 'bin/true'));
  const mount = (destination, type, options, source = type) => ({ destination, type, source, options });
  const capabilities = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];
  const spec = {
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
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      maskedPaths: ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware', '/proc/scsi'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
  writeFileSync(path.join(place, 'config.json'), JSON.stringify(spec));
  return place;
}

function startInNamespace(program, args) {
  // `ip netns exec` would hide the cgroup mounts; nsenter changes the network alone.
  const child = spawn('nsenter', [`--net=${namespace}`, program, ...args], {
    cwd: root,
    env: pinnedEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.complaint = '';
  child.stderr.on('data', (chunk) => {
    child.complaint = `${child.complaint}${chunk}`.slice(-2000);
  });
  // Signals are not waited for at exit, so the end is seen by asking whether the process still is.
  undo.push(() => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    for (let tries = 0; tries < 100 && isAlive(child.pid); tries++) spawnSync('sleep', ['0.1']);
    child.kill('SIGKILL');
    for (const place of mountsBelow(work)) spawnSync('umount', [place]);
  });
  return child;
}

/** The line of a program's complaint that says what is wrong, without the stack around it. */
function gist(error) {
  const lines = error.message.trim().split('\n');
  return lines.find((line) => /^\w*Error\b.*:/.test(line)) ?? lines.slice(-3).join(' ');
}

function isAlive(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function untilAnswers(ask, child, seconds = 20) {
  let last = new Error('no answer');
  for (let tries = 0; tries < seconds * 10; tries++) {
    if (child.exitCode !== null) throw new Error(`did not start: ${child.complaint}`);
    try {
      return await ask();
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`did not answer in ${seconds} s: ${last.message}`);
}

function request(options, body) {
  const payload = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const type = Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json';
  const headers = { Host: 'docker', 'Content-Type': type, 'Content-Length': payload?.length ?? 0 };
  return new Promise((resolve, reject) => {
    const asked = http.request({ ...options, headers }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode >= 400)
          reject(new Error(`${options.method} ${options.path}: ${answer.statusCode} ${text}`));
        else
          resolve(
            answer.headers['content-type'] === 'application/json' && !Buffer.isBuffer(body) && text !== ''
              ? JSON.parse(text)
              : text,
          );
      });
    });
    asked.on('error', reject);
    asked.end(payload);
  });
}

/** Starts a program as cheaply as this machine can (no fork of Node, which would be half of what is measured). */
async function runBare(executable, argv) {
  const executableFd = openSync(executable, 'r');
  const nothing = openSync('/dev/null', 'r+');
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

function must(program, args) {
  const answer = spawnSync(program, args, {
    encoding: 'utf8',
    env: pinnedEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (answer.error !== undefined) throw answer.error;
  if (answer.status !== 0) throw new Error(`${program}: exit code ${answer.status} ${answer.stderr}`);
  return answer.stdout;
}

function requireProgram(program) {
  const found = program.includes('/') ? existsSync(program) : spawnSync('which', [program]).status === 0;
  if (!found) throw new Error('not installed');
}

/**
 * crun and runc refuse a machine with cgroup v1 controllers and hugetlb on the v2 side alone; with an empty v1 hugetlb
 * hierarchy they work. It is mounted only there, and unmounted at the end. True when it is mounted.
 */
function mountHugetlb() {
  const mounts = readFileSync('/proc/mounts', 'utf8');
  if (mounts.includes(` ${hugetlb} `)) return true;
  if (!/ \/sys\/fs\/cgroup\/memory cgroup /.test(mounts)) return false;
  mkdirSync(hugetlb, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'cgroup', '-o', 'hugetlb', 'cgroup', hugetlb]).status === 0;
  if (!mounted) spawnSync('rmdir', [hugetlb]);
  else {
    // In front of the list, so that it is undone after the cgroups in it are removed.
    undo.unshift(() => {
      spawnSync('umount', [hugetlb]);
      spawnSync('rmdir', [hugetlb]);
    });
  }
  return mounted;
}

function mountsBelow(place) {
  const all = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const below = all.map((line) => line.split(' ')[1] ?? '').filter((target) => target.startsWith(`${place}/`));
  return below.reverse();
}

function removeCgroups() {
  const top = '/sys/fs/cgroup';
  const places = [top, ...readdirSync(top).map((name) => path.join(top, name))];
  for (const place of places) {
    const ours = path.join(place, own);
    if (!existsSync(ours)) continue;
    spawnSync('find', [ours, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';'], { stdio: 'ignore' });
  }
}

function cleanUp() {
  if (cleaned) return;
  cleaned = true;
  for (const action of undo.toReversed()) {
    try {
      action();
    } catch (error) {
      console.error(`clean-up: ${error.message}`);
    }
  }
}

function readRounds() {
  const at = process.argv.indexOf('--rounds');
  const asked = at === -1 ? 30 : Number(process.argv[at + 1]);
  if (Number.isInteger(asked) && asked > 0) return asked;
  console.error('usage: bench.mjs [--rounds N]');
  process.exit(2);
}
