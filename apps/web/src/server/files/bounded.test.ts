import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { bounded } from './bounded.ts';

const upload = { bytesMax: 8, contentType: 'application/octet-stream' };
const body = (...chunks: string[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

test('an upload within its limit goes through as it is, with the length that was told', async () => {
  const stream = bounded({ ...upload, body: body('1234', '5678'), bytes: 8 });
  assert.equal(stream.bytes, 8);
  assert.equal((await buffer(stream.body)).toString(), '12345678');
});

test('one that is said to be larger is refused before anything of it is read', () => {
  const unread = body('123456789');
  assert.throws(() => bounded({ ...upload, body: unread, bytes: 9 }), { name: 'EngineError', kind: 'too-large' });
  assert.equal(unread.readableDidRead, false);
});

test('one of no known length ends in an error when it gets too large', async () => {
  const stream = bounded({ ...upload, body: body('12345', '6789'), bytes: undefined });
  assert.equal('bytes' in stream, false);
  await assert.rejects(buffer(stream.body), { name: 'EngineError', kind: 'too-large' });
});

test('one that breaks off ends in an error, not in an end', async () => {
  async function* broken() {
    yield Buffer.from('123');
    throw new Error('gone');
  }
  await assert.rejects(buffer(bounded({ ...upload, body: Readable.from(broken()), bytes: 8 }).body), /gone/);
});
