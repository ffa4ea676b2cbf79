import { Readable } from 'node:stream';
import { EngineError } from '@berth/shared/errors';

interface Bounded {
  body: Readable;
  /** What the browser said will come. */
  bytes: number | undefined;
  bytesMax: number;
  contentType: string;
}

/** An upload as it goes on to the host: nothing of it is kept here, and it ends in an error past its limit. @throws too-large */
export function bounded({ body, bytes, bytesMax, contentType }: Bounded) {
  if (bytes !== undefined && bytes > bytesMax) throw tooLarge(bytesMax);
  const stream = Readable.from(counted(body, bytesMax), { objectMode: false });
  return { body: stream, contentType, ...(bytes !== undefined && { bytes }) };
}

async function* counted(body: Readable, bytesMax: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    yield chunk;
  }
}

function tooLarge(bytesMax: number): EngineError {
  return new EngineError('too-large', `At most ${bytesMax / 1024 ** 3} GiB can be uploaded at once.`);
}
