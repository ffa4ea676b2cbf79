/** Archives as clients send them, decompressed here and never by a program: by their first bytes, not by what is said. */
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { EngineError } from '@berth/shared/errors';

const starts = {
  gzip: [0x1f, 0x8b],
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
  xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  bzip2: [0x42, 0x5a, 0x68],
} as const;
const headBytes = 6;

/** @throws invalid-parameter for a compression that is not supported */
export async function decompressed(input: Readable): Promise<Readable> {
  const format = await formatOf(input);
  if (format === 'none') return input;
  const decoder = format === 'gzip' ? createGunzip() : createZstdDecompress();
  input.on('error', (error) => decoder.destroy(error));
  // It may break before anybody reads from it, who then is told.
  decoder.on('error', () => undefined);
  return input.pipe(decoder);
}

/** By the first bytes, which stay in the stream. @throws invalid-parameter for one that is not supported */
export async function formatOf(input: Readable): Promise<'gzip' | 'zstd' | 'none'> {
  const head = await peek(input);
  const is = (format: keyof typeof starts) => starts[format].every((byte, index) => head[index] === byte);
  if (is('xz') || is('bzip2')) {
    const name = is('xz') ? 'xz' : 'bzip2';
    throw new EngineError('invalid-parameter', `archives compressed by ${name} are not supported: gzip and zstd are`);
  }
  return is('gzip') ? 'gzip' : is('zstd') ? 'zstd' : 'none';
}

/** The first bytes, which stay in the stream. */
async function peek(input: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let length = 0; length < headBytes && !input.readableEnded && !input.destroyed; ) {
    const chunk: Buffer | null = input.read();
    if (chunk === null) {
      if (!(await more(input))) break;
      continue;
    }
    chunks.push(chunk);
    length += chunk.length;
  }
  const head = Buffer.concat(chunks);
  if (head.length > 0 && !input.readableEnded) input.unshift(head);
  return head;
}

/** Whether there may be more to read. `readable` comes at the end of a stream as well, before `end` does. */
function more(input: Readable): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => () => {
      for (const [name, listener] of Object.entries(listeners)) input.off(name, listener);
      act();
    };
    const listeners = {
      readable: settle(() => resolve(true)),
      end: settle(() => resolve(false)),
      close: settle(() => resolve(false)),
      error: settle(() => reject(input.errored)),
    };
    for (const [name, listener] of Object.entries(listeners)) input.on(name, listener);
  });
}
