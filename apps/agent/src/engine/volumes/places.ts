/**
 * Where a volume is on disk: volumes/NAME/_data. Its content is exchanged as a whole by way of two neighbours, `incoming`
 * and `replaced`, so that whenever we die, the next start finds out how far it came and goes on from there.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, opendirSync, renameSync, statSync, utimesSync } from 'node:fs';
import { readdir, rename, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { removeTree } from '@berth/native';
import { EngineError } from '@berth/shared/errors';

export type Places = ReturnType<typeof createPlaces>;

export function createPlaces(dataDir: string) {
  const parent = path.join(dataDir, 'volumes');
  const staging = path.join(dataDir, 'tmp');
  for (const one of [parent, staging]) mkdirSync(one, { recursive: true, mode: 0o700 });
  const directory = (name: string) => path.join(parent, name);
  const data = (name: string) => path.join(directory(name), '_data');

  const busy = new Set<string>();

  /** Takes what came in, which is complete, for what was there. Begins anywhere. */
  async function finish(name: string): Promise<void> {
    const own = directory(name);
    const [incoming, entering, replaced] = ['incoming', 'entering', 'replaced'].map((one) => path.join(own, one));
    if (incoming === undefined || entering === undefined || replaced === undefined) return;
    if (existsSync(incoming) && !existsSync(data(name))) renameSync(incoming, data(name));
    if (existsSync(incoming)) {
      mkdirSync(replaced, { recursive: true, mode: 0o700 });
      await moveChildren(data(name), replaced, replaced);
      renameSync(incoming, entering);
    }
    if (existsSync(entering)) {
      mkdirSync(replaced, { recursive: true, mode: 0o700 });
      await moveChildren(entering, data(name), replaced);
      dress(entering, data(name));
      await rmdir(entering);
    }
    await removeTree(replaced);
  }

  return {
    parent,
    staging,
    directory,
    data,
    finish,
    make: (name: string) => mkdirSync(data(name), { recursive: true, mode: 0o755 }),
    isEmpty: (name: string) => isEmptyDirectory(data(name)),

    /** `staged`: complete and on this file system. `isMounted`: whoever has it keeps its directory, with other content. */
    async exchange(name: string, staged: string, isMounted: () => boolean): Promise<void> {
      if (busy.has(name)) throw new EngineError('conflict', `volume ${name} is being restored already`);
      busy.add(name);
      try {
        await swap(name, staged, isMounted);
      } finally {
        busy.delete(name);
      }
    },
  };

  async function swap(name: string, staged: string, isMounted: () => boolean): Promise<void> {
    const own = directory(name);
    renameSync(staged, path.join(own, 'incoming'));
    if (!isMounted() && !existsSync(path.join(own, 'replaced'))) {
      renameSync(data(name), path.join(own, 'replaced'));
      renameSync(path.join(own, 'incoming'), data(name));
    }
    await finish(name);
  }
}

function isEmptyDirectory(directory: string): boolean {
  const entries = opendirSync(directory);
  try {
    return entries.readSync() === null;
  } finally {
    entries.closeSync();
  }
}

/** By their bytes: a name need not be text. What a running container has put in their way goes to `aside`. */
async function moveChildren(from: string, to: string, aside: string): Promise<void> {
  const below = (directory: string, name: Buffer) => Buffer.concat([Buffer.from(`${directory}/`), name]);
  for (const name of await readdir(from, { encoding: 'buffer' })) {
    await rename(below(from, name), below(to, name)).catch(async (error) => {
      if (!['ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR'].includes(error.code)) throw error;
      await rename(below(to, name), path.join(aside, randomBytes(12).toString('hex')));
      await rename(below(from, name), below(to, name));
    });
  }
}

/** Owner, mode and time of a directory whose inode is to stay. */
function dress(like: string, directory: string): void {
  const { uid, gid, mode, atime, mtime } = statSync(like);
  chownSync(directory, uid, gid);
  chmodSync(directory, mode & 0o7777);
  utimesSync(directory, atime, mtime);
}
