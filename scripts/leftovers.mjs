// What Berth may have left on this machine: mounts, links, network namespaces, cgroups, nftables tables, processes.
// Each is a line; a test compares the lines before and after.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

export function leftovers() {
  return [...mounts(), ...links(), ...networkNamespaces(), ...cgroups(), ...tables(), ...processes()];
}

function mounts() {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => /berth/.test(line.split(' ')[1] ?? ''))
    .map((line) => `mount ${line.split(' ')[1]}`);
}

function links() {
  return readdirSync('/sys/class/net')
    .filter((name) => /^(berth|bv[0-9a-f]|bt[0-9a-z])/.test(name))
    .map((name) => `link ${name}`);
}

function networkNamespaces() {
  if (!existsSync('/run/netns')) return [];
  return readdirSync('/run/netns')
    .filter((name) => name.startsWith('berth'))
    .map((name) => `network namespace ${name}`);
}

function cgroups() {
  const found = [];
  const visit = (directory, depth) => {
    if (depth > 3) return;
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const inside = path.join(directory, entry.name);
      if (entry.name.startsWith('berth')) found.push(`cgroup ${inside}`);
      else visit(inside, depth + 1);
    }
  };
  if (existsSync('/sys/fs/cgroup')) visit('/sys/fs/cgroup', 0);
  return found;
}

function tables() {
  const answer = spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' });
  return (answer.stdout ?? '').split('\n').filter((line) => line.includes('berth'));
}

function processes() {
  const found = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const executable = readlinkSync(`/proc/${name}/exe`);
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (/berth-runtime|memfd:berth/.test(executable) || /apps\/(agent\/src\/main|web\/server)\.ts/.test(line)) {
        found.push(`process ${name} ${line.slice(0, 120)}`);
      }
    } catch {
      // The process ended while we looked at it.
    }
  }
  return found;
}
