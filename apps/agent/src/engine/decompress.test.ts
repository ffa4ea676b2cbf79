import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { decompressed } from './decompress.ts';

const text = Buffer.from('what is in it\n'.repeat(1000));

async function through(bytes: Buffer, pieceBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  const chunks: Buffer[] = [];
  for await (const chunk of await decompressed(Readable.from(pieces, { objectMode: false }))) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('gzip, zstd and plain come out the same, however they are cut', async () => {
  for (const bytes of [text, gzipSync(text), zstdCompressSync(text)])
    for (const piece of [1, 3, 4096]) assert.equal(await through(bytes, piece), text.toString());
});

test('what is empty stays empty', async () => assert.equal(await through(Buffer.alloc(0), 1), ''));

test('X3: other compressions are refused', async () => {
  for (const start of ['BZh91AY', '\xfd7zXZ\0\0']) {
    await assert.rejects(through(Buffer.from(start, 'latin1'), 2), { kind: 'invalid-parameter' });
  }
});
