/** One layer from a descriptor to a directory and a blob, both sides hashed while it streams. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, fsyncSync, openSync, writeSync } from 'node:fs';
import { type Readable, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip, createZstdDecompress } from 'node:zlib';
import { applyTar, closeFd, openPipe } from '@berth/native';

export interface IngestOptions {
  blob: { fd: number; offset: number } | null;
  compress: boolean;
  limits: { bytesMax: number; entriesMax: number; ratioMax: number; blobBytesMax: number };
}

export interface Ingested {
  blobDigest: string;
  blobBytes: number;
  compression: 'none' | 'gzip' | 'zstd';
  diffId: string;
  bytes: number;
  entries: number;
}

export async function ingestLayer(fd: number, rootFd: number, options: IngestOptions): Promise<Ingested> {
  const input = createReadStream('', { fd: openSync(`/proc/self/fd/${fd}`, 'r') });
  const head = await new Promise<Buffer>((resolve, reject) => {
    input.once('readable', () => resolve(input.read() ?? Buffer.alloc(0)));
    input.once('end', () => resolve(Buffer.alloc(0)));
    input.once('error', reject);
  });
  if (head.length > 0) input.unshift(head);
  const sent =
    head[0] === 0x1f && head[1] === 0x8b
      ? 'gzip'
      : head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528
        ? 'zstd'
        : 'none';
  const isCompressedHere = options.compress && sent === 'none';
  const blobHash = createHash('sha256');
  const diffHash = createHash('sha256');
  let read = 0;
  let blobBytes = 0;
  const keep = (chunk: Buffer) => {
    blobHash.update(chunk);
    if (options.blob !== null) {
      const skip = Math.max(0, options.blob.offset - blobBytes);
      for (let at = skip; at < chunk.length; )
        at += writeSync(options.blob.fd, chunk, at, chunk.length - at, blobBytes + at);
    }
    blobBytes += chunk.length;
  };
  const asRead = tap((chunk) => {
    read += chunk.length;
    if (read > options.limits.blobBytesMax) throw fail('EFBIG', 'the blob is larger than allowed');
    if (!isCompressedHere) keep(chunk);
  });
  const gzip = isCompressedHere ? createGzip({ level: 6 }) : null;
  const compressed = gzip === null ? Promise.resolve() : drain(gzip, keep);
  const [readEnd, writeEnd] = openPipe();
  const { bytesMax, entriesMax } = options.limits;
  const applied = applyTar(readEnd, rootFd, '/', { mode: 'layer', limits: { bytesMax, entriesMax } }).finally(() =>
    closeFd(readEnd),
  );
  applied.catch(() => undefined);
  const asDiff = tap(async (chunk) => {
    diffHash.update(chunk);
    if (gzip !== null && !gzip.write(chunk)) await new Promise((resolve) => gzip.once('drain', resolve));
  });
  const decoder = sent === 'gzip' ? [createGunzip()] : sent === 'zstd' ? [createZstdDecompress()] : [];
  const stages: (Readable | Transform | Writable)[] = [input, asRead, ...decoder, asDiff];
  try {
    await pipeline([...stages, createWriteStream('', { fd: writeEnd })] as never);
  } catch (error) {
    gzip?.destroy();
    const cause = await applied.then(
      () => error,
      (why) => why,
    );
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_'))
      throw fail('EBADMSG', cause.message);
    throw cause;
  }
  gzip?.end();
  await compressed;
  const { bytes, entries } = await applied;
  if (options.blob !== null) fsyncSync(options.blob.fd);
  return {
    blobDigest: `sha256:${blobHash.digest('hex')}`,
    blobBytes,
    compression: isCompressedHere ? 'gzip' : sent,
    diffId: `sha256:${diffHash.digest('hex')}`,
    bytes,
    entries,
  };
}

function tap(see: (chunk: Buffer) => void | Promise<void>): Transform {
  return new Transform({
    async transform(chunk, _encoding, done) {
      try {
        await see(chunk);
        done(null, chunk);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}

async function drain(from: Readable, see: (chunk: Buffer) => void): Promise<void> {
  for await (const chunk of from) see(chunk);
}

function fail(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
