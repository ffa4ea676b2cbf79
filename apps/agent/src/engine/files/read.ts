/** The content of a regular file. */
import { createReadStream } from 'node:fs';
import { closeFd, openFileInRoot } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { checkPath, explain } from './failures.ts';
import { type Place, withRoot } from './place.ts';

export interface OpenFile {
  sizeBytes: number;
  mtimeMs: number;
  /** Changes with every change of the file. */
  version: string;
  /** Bytes `start` up to and with `end`, or an error when they are not all there any more. This or `close`, once. */
  read(start: number, end: number): AsyncIterable<Buffer>;
  close(): void;
}

/** @throws not-found, invalid-parameter for what is no regular file, forbidden for the kernel's own */
export async function openFile(place: Place, path: string): Promise<OpenFile> {
  checkPath(path);
  const { fd, sizeBytes, mtimeNanos, version } = await withRoot(place, (root) =>
    openFileInRoot(root, path).catch((error) => explain(place, path, error)),
  );
  return {
    sizeBytes,
    mtimeMs: Number(mtimeNanos / 1_000_000n),
    version,
    read: (start, end) => exactly(createReadStream('', { fd, start, end }), end - start + 1),
    close: () => closeFd(fd),
  };
}

/** Who was told a length neither waits for what a file has lost meanwhile, nor takes the rest for all of it. */
async function* exactly(content: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of content) {
    left -= chunk.length;
    yield chunk;
  }
  if (left > 0) throw new EngineError('conflict', `the file has shrunk by ${left} bytes while it was read`);
}
