/** `docker cp` and `export`: tar streams from and into a container's root, running or not. */
import { mkdirSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { closeFd, type PathStat, statInRoot } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { readTar, writeTar } from '../files/tar.ts';
import type { Context } from './context.ts';
import { idShift, openContainerRoot, openImage } from './root.ts';
import type { ContainerRecord } from './store.ts';

export function createArchives(context: Context) {
  async function withRoot<T>(record: ContainerRecord, work: (root: number) => Promise<T>): Promise<T> {
    const root = await openContainerRoot(context, record);
    try {
      return await work(root);
    } finally {
      closeFd(root);
    }
  }

  return {
    /** @throws not-found */
    stat: (record: ContainerRecord, path: string): Promise<PathStat> =>
      withRoot(record, (root) => statOf(root, record, path)),

    /** Writes `path` and what is below it, called `name`. */
    read: (record: ContainerRecord, path: string, name: string, into: Writable): Promise<void> =>
      withRoot(record, (root) => writeTar(root, path, name, into, idShift(record, 'from'))),

    /** `docker export`: image and what was written over it, without what is mounted into it; ids as the container has them. */
    async export(record: ContainerRecord, into: Writable): Promise<void> {
      const { upper } = context.layer(record.id);
      mkdirSync(upper, { recursive: true, mode: 0o755 });
      // Read-only: its upper directory has one writer, which is the container's own mount.
      const root = await openImage([upper, ...context.images.resolve(record.imageId).layerDirs]);
      try {
        await writeTar(root, '/', '.', into);
      } finally {
        closeFd(root);
      }
    },

    /** Extracts a tar stream into a directory. @throws not-found, invalid-parameter, forbidden */
    write: (
      record: ContainerRecord,
      path: string,
      from: Readable,
      options: { noOverwriteDirNonDir: boolean },
    ): Promise<void> =>
      withRoot(record, async (root) => {
        const target = await statOf(root, record, `${path}/.`);
        if (target.type !== 'directory')
          throw new EngineError('invalid-parameter', 'extraction point is not a directory');
        if (record.hostConfig.ReadonlyRootfs)
          throw new EngineError('forbidden', 'container rootfs is marked read-only');
        await readTar(root, path, from, { shift: idShift(record, 'into'), ...options });
      }),
  };
}

async function statOf(root: number, record: ContainerRecord, path: string): Promise<PathStat> {
  return statInRoot(root, path || '/').catch((error) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    const shown = path.replace(/\/\.$/, '');
    throw new EngineError('not-found', `Could not find the file ${shown} in container ${record.id.slice(0, 12)}`);
  });
}
