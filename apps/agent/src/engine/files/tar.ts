/** Tar streams out of and into a tree, between a client's stream and the native reader and writer. */
import { createWriteStream } from 'node:fs';
import { Socket } from 'node:net';
import { type Readable, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { applyTar, closeFd, createTar, type IdShift, openPipe } from '@berth/native';
import { EngineError } from '@berth/shared/errors';

const limits = { bytesMax: 64 * 1024 ** 3, entriesMax: 5_000_000 };
const endBytes = 1024;

/**
 * `path` and all below it as a tar stream. A failure ends the stream with its error: the pipe is kept open until it is
 * known whether the archive is whole, so that one that broke off never looks complete.
 */
export function packTree(root: number, path: string, options: Parameters<typeof createTar>[3]): Readable {
  const [readEnd, writeEnd] = openPipe();
  // A socket holds no thread while it waits.
  const stream = new Socket({ fd: readEnd, readable: true, writable: false });
  createTar(writeEnd, root, path, options)
    .catch((error) => stream.destroy(error))
    .finally(() => closeFd(writeEnd));
  return stream;
}

/** Writes `path` and what is below it, called `name`. */
export async function writeTar(root: number, path: string, name: string, into: Writable, shift?: IdShift) {
  await pipeline(packTree(root, path, { name, mode: 'copy', ...(shift && { shift }) }), into);
}

export interface ReadOptions {
  shift?: IdShift;
  noOverwriteDirNonDir?: boolean;
  limits?: { bytesMax: number; entriesMax: number };
  /** One that ends before its own end is refused: it was cut. */
  isWhole?: boolean;
}

/** Extracts below the directory `path`. @throws invalid-parameter */
export async function readTar(root: number, path: string, from: Readable, options: ReadOptions = {}): Promise<void> {
  const { isWhole = false, ...more } = options;
  const [readEnd, writeEnd] = openPipe();
  const applied = applyTar(readEnd, root, path, { mode: 'copy', limits, ...more });
  closeFd(readEnd);
  const into = createWriteStream('', { fd: writeEnd });
  const sent = isWhole ? pipeline(from, wholeTar(), into) : pipeline(from, into);
  sent.catch(() => undefined);
  // What the reader says is the reason; the writer then only sees its pipe break.
  await applied.catch((cause) => {
    throw refused(cause);
  });
  await sent.catch((cause) => {
    if (cause.code !== 'EPIPE') throw refused(cause);
  });
}

/** All that is below one directory to another, with owners, modes and attributes. @throws ENOENT, ENOTDIR */
export async function copyTree(fromRoot: number, path: string, toRoot: number): Promise<void> {
  const [readEnd, writeEnd] = openPipe();
  const made = createTar(writeEnd, fromRoot, `${path}/.`, { name: '', mode: 'copy' });
  closeFd(writeEnd);
  const applied = applyTar(readEnd, toRoot, '/', { mode: 'copy', limits });
  closeFd(readEnd);
  const [write, read] = await Promise.allSettled([made, applied]);
  // When the reader gives up, the writer only sees its pipe break.
  if (write.status === 'rejected' && write.reason.code !== 'EPIPE') throw write.reason;
  if (read.status === 'rejected') throw read.reason;
}

function refused(cause: Error): EngineError {
  if ('code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT'))
    return new EngineError('system', 'the archive cannot be stored: no space left on device', { cause });
  return new EngineError('invalid-parameter', `the archive cannot be extracted: ${cause.message}`, { cause });
}

/** Passes an archive on; fails at the end when that is not two blocks of zeros. */
function wholeTar(): Transform {
  let tail = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      tail = Buffer.from(
        chunk.length >= endBytes ? chunk.subarray(-endBytes) : Buffer.concat([tail, chunk]).subarray(-endBytes),
      );
      done(null, chunk);
    },
    flush(done) {
      const isEnd = tail.length === endBytes && tail.every((byte) => byte === 0);
      done(isEnd ? null : new Error('it is cut short: its end is missing'));
    },
  });
}
