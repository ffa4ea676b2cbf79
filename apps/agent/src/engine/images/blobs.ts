/**
 * Content by its digest: blobs/sha256/HEX, each written aside, made durable and renamed into place. A download under way
 * is blobs/ingest/HEX, named by the digest it should have.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readdir, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { EngineError } from '@berth/shared/errors';

export interface Blobs {
  path(digest: string): string;
  has(digest: string): boolean;
  /** Durable. @throws invalid-parameter when it is not `digest` */
  put(content: Uint8Array, digest?: string): Promise<string>;
  /** Verified. @throws not-found, data-loss */
  read(digest: string, bytesMax: number): Promise<Buffer>;
  open(digest: string): Readable;
}

/** Manifests and configs. */
const smallBytesMax = 4 * 1024 ** 2;

export type BlobStore = ReturnType<typeof createBlobs>;

export const digestPattern = /^sha256:[0-9a-f]{64}$/;

export const digestOf = (content: Uint8Array | string) =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

export const hexOf = (digest: string) => {
  if (!digestPattern.test(digest)) throw new EngineError('invalid-parameter', `invalid digest: ${digest}`);
  return digest.slice('sha256:'.length);
};

export function createBlobs(dataDir: string) {
  const directory = path.join(dataDir, 'blobs/sha256');
  const ingest = path.join(dataDir, 'blobs/ingest');
  for (const one of [directory, ingest]) mkdirSync(one, { recursive: true, mode: 0o700 });
  const pathOf = (digest: string) => path.join(directory, hexOf(digest));

  /** A manifest or config, null where it is missing or broken. */
  function readNow(digest: string): Buffer | null {
    const file = pathOf(digest);
    if (!existsSync(file) || statSync(file).size > smallBytesMax) return null;
    const content = readFileSync(file);
    return digestOf(content) === digest ? content : null;
  }

  /** Small content, on the thread that asks: a record that names it is written next. */
  function putNow(content: Uint8Array, digest = digestOf(content)): string {
    if (digestOf(content) !== digest) throw new EngineError('invalid-parameter', `the content is not ${digest}`);
    if (readNow(digest) !== null) return digest;
    const aside = path.join(dataDir, 'tmp', `blob-${randomBytes(12).toString('hex')}`);
    const fd = openSync(aside, 'wx', 0o600);
    try {
      writeFileSync(fd, content);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(aside, pathOf(digest));
    syncDirectory(directory);
    return digest;
  }

  return {
    directory,
    ingestDirectory: ingest,
    ingestPath: (digest: string) => path.join(ingest, hexOf(digest)),
    path: pathOf,
    has: (digest: string) => existsSync(pathOf(digest)),
    sizeBytes: (digest: string) => statSync(pathOf(digest)).size,
    put: async (content: Uint8Array, digest?: string) => putNow(content, digest),
    putNow,

    readNow,

    async read(digest: string, bytesMax: number): Promise<Buffer> {
      const file = pathOf(digest);
      const found = await stat(file).catch(() => null);
      if (found === null) throw new EngineError('not-found', `blob ${digest} is not here`);
      if (found.size > bytesMax) throw new EngineError('too-large', `blob ${digest} is larger than ${bytesMax} bytes`);
      const content = await readFile(file);
      if (digestOf(content) !== digest)
        throw new EngineError('data-loss', `blob ${digest} has other content on disk; berth-agent fsck says more`);
      return content;
    },

    open: (digest: string): Readable => createReadStream(pathOf(digest), { highWaterMark: 256 * 1024 }),

    async isIntact(digest: string): Promise<boolean> {
      const hash = createHash('sha256');
      for await (const chunk of createReadStream(pathOf(digest), { highWaterMark: 1 << 20 })) hash.update(chunk);
      return `sha256:${hash.digest('hex')}` === digest;
    },

    /** Takes a durable file of that digest over. */
    async adopt(file: string, digest: string): Promise<void> {
      await rename(file, pathOf(digest));
      syncDirectory(directory);
    },

    all: async (): Promise<string[]> =>
      (await readdir(directory)).filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => `sha256:${name}`),
  };
}

export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
