/** What a supervisor that was killed leaves of its container: processes and cgroups. */
import { readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const tries = 100;
const retryMs = 20;

/** Ends every process of these cgroups and removes them, those that the container made below included. */
export async function removeCgroups(directories: readonly string[]): Promise<void> {
  for (let left = tries; left > 0; left--) {
    for (const directory of directories) await killAll(directory);
    const removed = await Promise.all(directories.map(removeBelow));
    if (removed.every(Boolean)) return;
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

async function killAll(directory: string): Promise<void> {
  const thaw = writeFile(path.join(directory, 'freezer.state'), 'THAWED', { flag: 'r+' });
  await thaw.catch(() => undefined); // v1: a frozen process does not die
  const atOnce = writeFile(path.join(directory, 'cgroup.kill'), '1', { flag: 'r+' });
  if (
    await atOnce.then(
      () => true,
      () => false,
    )
  )
    return;
  for (const below of await children(directory)) await killAll(below);
  const pids = await readFile(path.join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
  for (const pid of pids.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

async function children(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(directory, entry.name));
}

/** Whether it is gone. */
async function removeBelow(directory: string): Promise<boolean> {
  for (const below of await children(directory)) await removeBelow(below);
  return rmdir(directory).then(
    () => true,
    (error) => error.code === 'ENOENT',
  );
}
