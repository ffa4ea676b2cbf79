/** `docker cp` and `export`: tar streams from and into a container's root, running or not. */
import { createReadStream, createWriteStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { applyTar, closeFd, createTar, openPipe, type PathStat, statInRoot } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import type { Context } from './context.ts';
import { idShift, openContainerRoot } from './root.ts';
import type { ContainerRecord } from './store.ts';

const limits = { bytesMax: 64 * 1024 ** 3, entriesMax: 5_000_000 };

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
      withRoot(record, async (root) => {
        const [readEnd, writeEnd] = openPipe();
        const shift = idShift(record, 'from');
        const made = createTar(writeEnd, root, path, { name, mode: 'copy', shift }).finally(() => closeFd(writeEnd));
        await Promise.all([made, pipeline(createReadStream('', { fd: readEnd }), into)]);
      }),

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
        const [readEnd, writeEnd] = openPipe();
        const shift = idShift(record, 'into');
        const applied = applyTar(readEnd, root, path, { mode: 'copy', limits, shift, ...options }).finally(() =>
          closeFd(readEnd),
        );
        const sent = pipeline(from, createWriteStream('', { fd: writeEnd }));
        sent.catch(() => undefined);
        const invalid = (cause: Error) =>
          new EngineError('invalid-parameter', `the archive cannot be extracted: ${cause.message}`, { cause });
        // What the reader says is the reason; the writer then only sees its pipe break.
        await applied.catch((cause) => {
          throw invalid(cause);
        });
        await sent.catch((cause) => {
          if (cause.code !== 'EPIPE') throw invalid(cause);
        });
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
