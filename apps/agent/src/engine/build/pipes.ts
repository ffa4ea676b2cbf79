/** Node's streams and the pipe of the native tar reader: a socket, which holds no thread while it waits. */
import { Socket } from 'node:net';
import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ApplyOptions, applyTar, closeFd, openPipe } from '@berth/native';

/** Applies what comes out of the last of `stages`. @throws what the reader says, or else what the stages do */
export async function applyStream(
  stages: [Readable, ...Transform[]],
  root: number,
  path: string,
  options: ApplyOptions & { signal: AbortSignal },
): Promise<void> {
  const [readEnd, writeEnd] = openPipe();
  const applied = applyTar(readEnd, root, path, options).finally(() => closeFd(readEnd));
  const into = new Socket({ fd: writeEnd, readable: false, writable: true });
  const [result, sent] = await Promise.allSettled([applied, pipeline([...stages, into], { signal: options.signal })]);
  options.signal.throwIfAborted();
  // Of a stream that broke, the reader sees the end only; of a reader that refused, the stream sees a broken pipe.
  if (sent.status === 'rejected' && !isBrokenPipe(sent.reason)) throw sent.reason;
  if (result.status === 'rejected') throw result.reason;
}

/** A reader that has had enough is no failure of the writer. */
export function isBrokenPipe(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code))
  );
}
