import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { encodeFrame, FrameReader, frame } from './supervisor-protocol.ts';

test('the frame types are those of supervisor.h, all of them', () => {
  const header = readFileSync(path.resolve(import.meta.dirname, '../../../../../packages/native/supervisor.h'), 'utf8');
  const camel = (name: string) => name.toLowerCase().replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
  const there = [...header.matchAll(/^\s+SUPERVISOR_(\w+) = (0x[0-9a-f]{2})\b/gm)];
  assert.deepEqual(Object.fromEntries(there.map(([, name = '', number]) => [camel(name), Number(number)])), {
    ...frame,
  });
});

test('frames are found again however their bytes are cut', () => {
  const bytes = Buffer.concat([
    encodeFrame(frame.stdout, Buffer.from('hello')),
    encodeFrame(frame.exit, Buffer.from('{"exitCode":0}')),
    encodeFrame(frame.stderr, Buffer.alloc(0)),
  ]);
  for (const size of [1, 3, 8, 9, bytes.length]) {
    const found: [number, string][] = [];
    const reader = new FrameReader((type, payload) => found.push([type, payload.toString()]));
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    assert.deepEqual(found, [
      [frame.stdout, 'hello'],
      [frame.exit, '{"exitCode":0}'],
      [frame.stderr, ''],
    ]);
  }
});

test('a frame that claims more than the limit is an error, before its bytes are waited for', () => {
  const header = Buffer.alloc(8);
  header[0] = frame.stdout;
  header.writeUInt32BE(0xffffffff, 4);
  assert.throws(() => new FrameReader(() => undefined).push(header), RangeError);
});
