// A small Debian with systemd, as an archive: what the tests boot inside a container.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../.setup');
export const systemdRoot = path.join(cache, 'systemd-root.tar');

/** What a boot does without. */
const leftOut = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/zoneinfo', 'usr/share/info'];
const emptied = ['var/cache/apt', 'var/lib/apt/lists', 'var/log', 'dev'];

/**
 * Returns what it did, or undefined when there was nothing to do.
 * @param {{ log?: number }} options `log`: file descriptor that takes the programs' output.
 */
export function setup({ log } = {}) {
  if (existsSync(systemdRoot)) return undefined;
  if (spawnSync('debootstrap', ['--version']).error !== undefined) return 'left out: debootstrap is not installed';
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, 'systemd-'));
  const root = path.join(work, 'root');
  try {
    // It mounts what it needs, for itself alone.
    const options = ['--variant=minbase', '--include=systemd-sysv,dbus', 'bookworm', root];
    step('unshare', ['--mount', '--propagation', 'private', 'debootstrap', ...options], log);
    const exclude = [
      ...leftOut.map((name) => `--exclude=./${name}`),
      ...emptied.map((name) => `--exclude=./${name}/*`),
    ];
    const archive = path.join(work, 'root.tar');
    step('tar', ['-C', root, '--numeric-owner', '--xattrs', ...exclude, '-cf', archive, '.'], log);
    renameSync(archive, systemdRoot);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return 'made by debootstrap';
}

function step(command, args, log) {
  const answer = spawnSync(command, args, { cwd: cache, stdio: ['ignore', log ?? 'ignore', log ?? 'ignore'] });
  if (answer.error !== undefined) throw new Error(`${command}: ${answer.error.message}`);
  if (answer.status !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${answer.status}`);
}
