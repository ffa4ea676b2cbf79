// Everything a fresh clone needs before `npm start` or `npm test`: apt packages, npm packages, the native build, the
// web build, the starter image. Each step knows when it has nothing to do, so a second run takes a second or two.
// Plain JavaScript without dependencies: it runs before node_modules exists, on whatever Node started npm.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const state = path.join(root, '.setup');
/** The Node that package.json pins; everything of ours runs on it. */
export const pinnedNode = path.join(root, 'node_modules/.bin/node');
export const starterImage = path.join(state, 'starter-image.tar');

/** What the builds and the product need, and what only the tests need. Names are Debian's. */
const aptPackages = {
  build: [
    'make',
    'g++',
    'python3',
    'libc6-dev',
    'libseccomp-dev',
    'libjson-c-dev',
    'libzstd-dev',
    'libisal-dev',
    'busybox-static',
  ],
  test: [
    'chromium',
    'fonts-dejavu-core',
    'iproute2',
    'nftables',
    'skopeo',
    'docker-registry',
    'umoci',
    'buildah',
    'docker.io',
    'qemu-system-x86',
    'cpio',
    'kmod',
    'apparmor',
    'policycoreutils',
    'podman',
    'runc',
    'crun',
    'util-linux',
    'procps',
    'curl',
    'xz-utils',
    'bzip2',
    'strace',
    'debootstrap',
    'e2fsprogs',
    'attr',
    'libcap2-bin',
    'clang',
    'clang-tidy',
    'clang-format',
    'libclang-rt-14-dev',
  ],
};

/** Environment for every step: the pinned Node first on PATH. */
export function pinnedEnvironment(extra = {}) {
  return { ...process.env, PATH: `${path.join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`, ...extra };
}

/**
 * @param {{ test?: boolean, web?: boolean }} wanted `test`: what `npm test` needs on top. `web: false`: no web build.
 */
export async function setup(wanted = {}) {
  mkdirSync(state, { recursive: true });
  const steps = [
    { name: 'apt packages', run: () => installAptPackages(wanted.test === true) },
    { name: 'npm packages', run: installNpmPackages },
    { name: 'native build', run: buildNative },
    ...(wanted.web === false ? [] : [{ name: 'web build', run: buildWeb }]),
    { name: 'starter image', run: buildStarterImage },
    ...(wanted.test === true ? [{ name: 'distribution kernel', run: prepareKernel }] : []),
    ...(wanted.test === true ? [{ name: 'distribution with systemd', run: prepareSystemd }] : []),
  ];
  for (const [index, step] of steps.entries()) {
    const label = `[${index + 1}/${steps.length}] ${step.name}`;
    const began = Date.now();
    const ticker = startTicker(label, began);
    try {
      const did = await step.run();
      ticker.stop();
      console.log(`${label}: ${did ?? 'up to date'} (${seconds(began)})`);
    } catch (error) {
      ticker.stop();
      console.error(`${label}: failed after ${seconds(began)}\n\n${error.message}\n`);
      console.error(
        'Setup stopped. Mend what is named above, then run the same command again: finished steps are kept.',
      );
      process.exit(1);
    }
  }
}

async function installAptPackages(withTest) {
  const wanted = [...aptPackages.build, ...(withTest ? aptPackages.test : [])];
  if (spawnSync('dpkg-query', ['--version']).error !== undefined) {
    return 'not a Debian system: install what README.md lists under "Other distributions" by hand';
  }
  const missing = wanted.filter((name) => !isInstalled(name));
  if (missing.length === 0) return undefined;
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0) {
    throw new Error(`Not root, so these Debian packages cannot be installed here. Run:\n\n  sudo sh -c '${command}'`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt', 'apt-get', ['update'], { env });
  await run('apt', 'apt-get', ['install', '-y', '--no-install-recommends', ...missing], {
    env,
    advice: `Run it by hand to see more:\n\n  ${command}`,
  });
  return `installed ${missing.join(', ')}`;
}

function isInstalled(name) {
  const answer = spawnSync('dpkg-query', ['-W', '-f=${db:Status-Status}\n', name], { encoding: 'utf8' });
  return answer.status === 0 && answer.stdout.split('\n').includes('installed');
}

async function installNpmPackages() {
  const fingerprint = hashFiles(['package.json', 'package-lock.json', ...workspaceManifests()]);
  if (isStamped('npm', fingerprint) && existsSync(pinnedNode)) return undefined;
  // Not `npm ci`: it refuses a lock file without the optional packages that a registry lacks for other platforms.
  await run('npm', 'npm', ['install', '--no-save', '--no-audit', '--no-fund'], {
    advice: 'Is the npm registry reachable? `npm install` shows more.',
  });
  if (!existsSync(pinnedNode)) {
    throw new Error(`npm brought no Node for ${process.platform}-${process.arch}; Berth needs Linux on x64 or arm64.`);
  }
  if (!existsSync(path.join(root, 'node_modules/.bin/berth-agent'))) throw new Error('npm did not link berth-agent.');
  stamp('npm', fingerprint);
  return 'installed';
}

async function buildNative() {
  const fingerprint = hashTree(['packages/native'], ['build', 'test']);
  const products = ['build/berth-runtime', 'build/Release/addon.node'].map((f) =>
    path.join(root, 'packages/native', f),
  );
  if (isStamped('native', fingerprint) && products.every((file) => existsSync(file))) {
    linkRuntime();
    return undefined;
  }
  const cwd = path.join(root, 'packages/native');
  const nodedir = path.join(root, `node_modules/node-linux-${process.arch}`);
  await run('native', path.join(root, 'node_modules/.bin/node-gyp'), ['rebuild', `--nodedir=${nodedir}`, '-j', '2'], {
    cwd,
    env: pinnedEnvironment(),
  });
  await run('native', 'make', ['-j2'], { cwd, env: pinnedEnvironment() });
  linkRuntime();
  stamp('native', fingerprint);
  return 'built';
}

/** npm links a package's programs before ours is built, so the link is made here. */
function linkRuntime() {
  const link = path.join(root, 'node_modules/.bin/berth-runtime');
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) rmSync(link);
  symlinkSync('../../packages/native/build/berth-runtime', link);
}

async function buildWeb() {
  const fingerprint = hashTree(['apps/web', 'packages/shared', 'package-lock.json'], ['.next', 'next-env.d.ts']);
  if (isStamped('web', fingerprint) && existsSync(path.join(root, 'apps/web/.next/BUILD_ID'))) return undefined;
  await run('web', pinnedNode, [path.join(root, 'node_modules/next/dist/bin/next'), 'build'], {
    cwd: path.join(root, 'apps/web'),
    env: pinnedEnvironment({ NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' }),
  });
  stamp('web', fingerprint);
  return 'built';
}

async function buildStarterImage() {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((file) => existsSync(file));
  if (busybox === undefined) throw new Error('No busybox found for the starter image: install busybox-static.');
  const fingerprint = hashFiles(['scripts/starter-image.mjs', busybox]);
  if (isStamped('starter-image', fingerprint) && existsSync(starterImage)) return undefined;
  await run('starter-image', pinnedNode, [path.join(root, 'scripts/starter-image.mjs'), starterImage, busybox]);
  stamp('starter-image', fingerprint);
  return 'made from busybox';
}

async function prepareKernel() {
  const part = (name) => import(pathToFileURL(path.join(root, 'scripts/kernel', name)).href);
  const kernel = await part('run.mjs');
  const selinux = await part('selinux.mjs');
  const log = openLog('kernel');
  const did = [await kernel.setup({ log }), await selinux.setup({ log })].filter((one) => one !== undefined);
  return did.length === 0 ? undefined : did.join(', ');
}

async function prepareSystemd() {
  const distribution = await import(pathToFileURL(path.join(root, 'scripts/systemd-root.mjs')).href);
  if (process.getuid?.() !== 0) return 'left out: not root';
  return distribution.setup({ log: openLog('systemd-root') });
}

// ---- running a step's program

/** Output goes to .setup/NAME.log; when it fails, its end is shown with what to do. */
function run(name, command, args, options = {}) {
  const { advice, ...rest } = options;
  const log = openLog(name);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, ...rest, stdio: ['ignore', log, log] });
    const fail = (why) => {
      const tail = readFileSync(logPath(name), 'utf8').trimEnd().split('\n').slice(-25).join('\n');
      reject(
        new Error(`${why}: ${command} ${args.join(' ')}\n\n${tail}\n${advice === undefined ? '' : `\n${advice}`}`),
      );
    };
    child.on('error', (error) => fail(error.message));
    child.on('exit', (code, signal) => {
      closeSync(log);
      if (code === 0) resolve();
      else fail(signal === null ? `exit code ${code}` : `killed by ${signal}`);
    });
  });
}

const logPath = (name) => path.join(state, `${name}.log`);
const openLog = (name) => openSync(logPath(name), 'w');

function startTicker(label, began) {
  if (!process.stdout.isTTY) {
    console.log(`${label} ...`);
    return { stop() {} };
  }
  const draw = () => process.stdout.write(`\r${label} ... ${seconds(began)} `);
  draw();
  const timer = setInterval(draw, 500);
  return {
    stop() {
      clearInterval(timer);
      process.stdout.write('\r\x1b[K');
    },
  };
}

const seconds = (began) => `${((Date.now() - began) / 1000).toFixed(1)} s`;

// ---- knowing that nothing changed

function isStamped(name, fingerprint) {
  const file = path.join(state, `${name}.stamp`);
  return existsSync(file) && readFileSync(file, 'utf8') === fingerprint;
}

function stamp(name, fingerprint) {
  writeFileSync(path.join(state, `${name}.stamp`), fingerprint);
}

function hashFiles(files) {
  const hash = createHash('sha256').update(process.arch);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(path.resolve(root, file)));
  return hash.digest('hex');
}

function hashTree(places, leftOut) {
  const files = [];
  const visit = (place) => {
    const full = path.join(root, place);
    if (!lstatSync(full).isDirectory()) files.push(place);
    else {
      for (const name of readdirSync(full).sort()) {
        if (name === 'node_modules' || leftOut.includes(name) || name.endsWith('.tsbuildinfo')) continue;
        visit(path.join(place, name));
      }
    }
  };
  for (const place of places) visit(place);
  return hashFiles(files);
}

function workspaceManifests() {
  return ['apps/web', 'apps/agent', 'packages/native', 'packages/shared', 'e2e'].map(
    (place) => `${place}/package.json`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setup({ test: process.argv.includes('--test') });
