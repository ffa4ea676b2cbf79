/** A volume's files as a whole: seeded from an image, backed up, restored. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { closeFd, openRoot, type PathStat, removeTree, statInRoot, syncFileSystem } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { checkPath, explain } from '../files/failures.ts';
import { copyTree, readTar, writeTar } from '../files/tar.ts';
import type { VolumeMounts } from './mounted.ts';
import type { Places } from './places.ts';
import type { Volume } from './volumes.ts';

export type VolumeContents = ReturnType<typeof createContents>;

export interface RestoreOptions {
  /** What is in it goes. */
  replace: boolean;
  /** Although a running container has it. */
  force: boolean;
}

interface Needs {
  places: Places;
  get: (name: string) => Volume;
  mounts: VolumeMounts;
}

export function createContents({ places, get, mounts }: Needs) {
  /** A descriptor of its files, which the caller closes. @throws not-found, invalid-parameter where they are not ours */
  function openFiles(name: string): number {
    const volume = get(name);
    if (volume.backing.kind !== 'directory') {
      const where = volume.backing.kind === 'bind' ? `at ${volume.backing.device} of the host` : 'in memory';
      const message = `the files of volume ${name} are ${where}, by its driver options: reach them through a container that uses it`;
      throw new EngineError('invalid-parameter', message);
    }
    return openRoot(volume.mountpoint);
  }

  async function withFiles<T>(name: string, work: (root: number) => Promise<T>): Promise<T> {
    const root = openFiles(name);
    try {
      return await work(root);
    } finally {
      closeFd(root);
    }
  }

  async function staged<T>(work: (directory: string) => Promise<T>): Promise<T> {
    const directory = path.join(places.staging, `volume-${randomBytes(12).toString('hex')}`);
    mkdirSync(directory, { mode: 0o700 });
    chmodSync(directory, 0o755);
    try {
      return await work(directory);
    } finally {
      if (existsSync(directory)) await removeTree(directory);
    }
  }

  function refuse(name: string, { replace, force }: RestoreOptions): void {
    get(name);
    if (mounts.isMounted(name) && !force) {
      const message = `restore ${name}: a running container uses the volume: stop it, or say force=1`;
      throw new EngineError('conflict', message);
    }
    if (!replace && !places.isEmpty(name)) {
      const message = `restore ${name}: the volume is not empty: say replace=1 to replace what is in it`;
      throw new EngineError('conflict', message);
    }
  }

  return {
    openFiles,

    /** @throws not-found */
    stat: (volume: string, from: string): Promise<PathStat> =>
      withFiles(volume, (root) =>
        statInRoot(root, checkPath(from)).catch((error) =>
          explain({ name: `volume ${volume}`, readOnly: '' }, from, error),
        ),
      ),

    /** As a tar stream, or a part of it, called `name`. */
    backUp: (volume: string, from: string, name: string, into: Writable): Promise<void> =>
      withFiles(volume, (root) => writeTar(root, from, name, into)),

    /** Extracts a tar stream over what is there. @throws invalid-parameter */
    extract: (volume: string, into: string, from: Readable): Promise<void> =>
      withFiles(volume, async (root) => {
        const { type } = await statInRoot(root, `${checkPath(into)}/.`).catch((error) =>
          explain({ name: `volume ${volume}`, readOnly: '' }, into, error),
        );
        if (type !== 'directory') throw new EngineError('invalid-parameter', 'extraction point is not a directory');
        await readTar(root, into, from);
      }),

    /** All of an archive or nothing of it. @throws conflict, invalid-parameter */
    async restore(name: string, from: Readable, options: RestoreOptions): Promise<void> {
      closeFd(openFiles(name));
      refuse(name, options);
      await staged(async (directory) => {
        const root = openRoot(directory);
        try {
          await readTar(root, '/', from, { isWhole: true });
        } finally {
          closeFd(root);
        }
        await syncFileSystem(directory);
        // From here to the exchange nothing else runs.
        refuse(name, options);
        await places.exchange(name, directory, () => mounts.isMounted(name));
      });
    },

    /**
     * Gives an empty volume what the image has at `from`, with its owner and mode; all of it or nothing, unless others have
     * it mounted or it is a path of the host. `openImage`: a root that is closed here.
     */
    async seed(name: string, openImage: () => Promise<number>, from: string): Promise<void> {
      const { backing, mountpoint } = get(name);
      const target = backing.kind === 'bind' ? backing.device : mountpoint;
      if (backing.kind === 'tmpfs' || !(await isEmptyDirectory(target))) return;
      const image = await openImage();
      try {
        // Whoever has it mounted keeps its directory.
        if (backing.kind === 'bind' || mounts.isMounted(name)) return void (await copyInto(image, from, target));
        await staged(async (directory) => {
          const isThere = await copyInto(image, from, directory);
          if (isThere && !mounts.isMounted(name) && places.isEmpty(name))
            await places.exchange(name, directory, () => false);
        });
      } finally {
        closeFd(image);
      }
    },
  };
}

async function isEmptyDirectory(directory: string): Promise<boolean> {
  try {
    await using entries = await opendir(directory);
    return (await entries.read()) === null;
  } catch {
    return false;
  }
}

/** Whether there was a directory to copy. */
async function copyInto(image: number, from: string, directory: string): Promise<boolean> {
  const to = openRoot(directory);
  try {
    await copyTree(image, from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(String(error.code)))
      return false;
    throw error;
  } finally {
    closeFd(to);
  }
}
