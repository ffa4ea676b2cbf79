// SELinux' policy of the emulated machine: Debian's, unpacked and built aside, not installed; with our module of container
// types, because Debian's has none.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const cache = path.join(root, '.setup/selinux');
const distribution = path.join(cache, 'distribution');
const stamp = path.join(cache, 'policy.stamp');
const module = path.join(root, 'packages/native/profiles/berth-container.cil');
export const policyFile = path.join(cache, 'policy');

/**
 * Builds the policy once, and anew when our module has changed. Returns what it did, or undefined when there was nothing
 * to do.
 * @param {{ log?: number }} options `log`: file descriptor that takes the programs' output.
 */
export async function setup({ log } = {}) {
  const wanted = createHash('sha256').update(readFileSync(module)).digest('hex');
  if (existsSync(policyFile) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return undefined;
  mkdirSync(cache, { recursive: true });
  if (!existsSync(distribution)) buildDistribution(log);
  const work = mkdtempSync(path.join(cache, 'work-'));
  try {
    cpSync(distribution, work, { recursive: true });
    semodule(work, ['-X', '300', '-i', module], log);
    renameSync(builtPolicy(work), policyFile);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  writeFileSync(stamp, wanted);
  return 'built the SELinux policy';
}

/** All modules of the package, as its installation would build them. */
function buildDistribution(log) {
  const work = mkdtempSync(path.join(cache, 'unpack-'));
  try {
    step('apt-get', ['download', 'selinux-policy-default'], log, work);
    const archive = readdirSync(work).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get download selinux-policy-default left no package in ${work}`);
    step('dpkg', ['-x', archive, 'package'], log, work);
    const store = path.join(work, 'store');
    mkdirSync(path.join(store, 'var/lib/selinux'), { recursive: true });
    cpSync(path.join(work, 'package/etc/selinux'), path.join(store, 'etc/selinux'), { recursive: true });
    writeFileSync(path.join(store, 'etc/selinux/config'), 'SELINUX=enforcing\nSELINUXTYPE=default\n');
    const modules = path.join(work, 'package/usr/share/selinux/default');
    const names = readFileSync(path.join(modules, '.modules'), 'utf8').split(/\s+/).filter(Boolean);
    semodule(store, ['-X', '100', ...names.flatMap((name) => ['-i', path.join(modules, `${name}.pp.bz2`)])], log);
    renameSync(store, distribution);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function semodule(store, args, log) {
  step('semodule', ['--path', store, '--noreload', '--store', 'default', ...args], log);
}

function builtPolicy(store) {
  const directory = path.join(store, 'etc/selinux/default/policy');
  const name = readdirSync(directory).find((file) => /^policy\.\d+$/.test(file));
  if (name === undefined) throw new Error(`semodule built no policy in ${directory}`);
  return path.join(directory, name);
}

function step(command, args, log, cwd = cache) {
  const answer = spawnSync(command, args, { cwd, stdio: ['ignore', log ?? 'ignore', log ?? 'ignore'] });
  if (answer.error !== undefined) throw new Error(`${command}: ${answer.error.message}`);
  if (answer.status !== 0) throw new Error(`${command} ${args.slice(0, 6).join(' ')}: exit code ${answer.status}`);
}
