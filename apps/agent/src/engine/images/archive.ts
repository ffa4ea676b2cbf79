/** What `docker load` was sent, in a directory of its own: its files by their names there, wherever links lead inside it. */
import { createReadStream, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { closeFd, openFileInRoot, openRoot, readFileInRoot } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { readTar } from '../files/tar.ts';

const limits = { bytesMax: 64 * 1024 ** 3, entriesMax: 10_000 };

export interface ArchiveFile {
  sizeBytes: number;
  /** Its first four bytes, or as many as it has. */
  magic: Buffer;
  open(offset: number): Promise<Readable>;
}

export interface Archive {
  has(name: string): Promise<boolean>;
  /** @throws invalid-parameter when it is missing or larger */
  read(name: string, bytesMax: number): Promise<Buffer>;
  /** @throws invalid-parameter when it is missing */
  file(name: string): Promise<ArchiveFile>;
  close(): void;
}

export function broken(why: string): EngineError {
  return new EngineError('invalid-parameter', `This is not an image archive: ${why}.`);
}

/** `directory`: empty, and only ours. @throws invalid-parameter, system (no space) */
export async function extractArchive(input: Readable, directory: string): Promise<Archive> {
  const root = openRoot(directory);
  try {
    await readTar(root, '/', input, { limits });
  } catch (error) {
    closeFd(root);
    throw error instanceof EngineError && error.kind === 'invalid-parameter' ? broken(error.message) : error;
  }
  const find = (name: string) => openFileInRoot(root, name).catch(() => null);

  async function file(name: string): Promise<ArchiveFile> {
    const found = await find(name);
    if (found === null) throw broken(`${name} is missing`);
    const magic = Buffer.alloc(4);
    const length = readSync(found.fd, magic, 0, magic.length, 0);
    closeFd(found.fd);
    return {
      sizeBytes: found.sizeBytes,
      magic: magic.subarray(0, length),
      async open(offset) {
        const { fd } = await openFileInRoot(root, name);
        return createReadStream('', { fd, start: offset, highWaterMark: 256 * 1024 });
      },
    };
  }

  return {
    async has(name) {
      const found = await find(name);
      if (found !== null) closeFd(found.fd);
      return found !== null;
    },
    async read(name, bytesMax) {
      const { sizeBytes } = await file(name);
      if (sizeBytes > bytesMax) throw broken(`${name} is larger than ${bytesMax} bytes`);
      return Buffer.from(await readFileInRoot(root, name, bytesMax));
    },
    file,
    close: () => closeFd(root),
  };
}
