import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteRange, encodeEntry, expectedOf } from './file-headers.ts';

test('conditions of a write', () => {
  assert.equal(expectedOf({}), null);
  assert.deepEqual(expectedOf({ 'if-match': '*' }), { any: true });
  assert.deepEqual(expectedOf({ 'if-match': '"1-2-3", W/"4", "5"' }), { versions: ['1-2-3', '5'] });
  assert.deepEqual(expectedOf({ 'if-match': 'nonsense' }), { versions: [] });
  assert.deepEqual(expectedOf({ 'if-none-match': '*' }), { none: true });
  assert.deepEqual(expectedOf({ 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:05 GMT' }), { unmodifiedSinceMs: 5000 });
  assert.equal(expectedOf({ 'if-unmodified-since': 'yesterday' }), null);
});

test('one range of bytes, or the whole', () => {
  const range = (text: string, sizeBytes = 100, more = {}) =>
    byteRange({ range: text, ...more }, { sizeBytes, version: 'v' });
  assert.deepEqual(range('bytes=0-0'), { start: 0, end: 0 });
  assert.deepEqual(range('bytes=10-'), { start: 10, end: 99 });
  assert.deepEqual(range('bytes=10-1000'), { start: 10, end: 99 });
  assert.deepEqual(range('bytes=-30'), { start: 70, end: 99 });
  assert.deepEqual(range('bytes=-300'), { start: 0, end: 99 });
  assert.deepEqual(range('bytes=4398046511104-', 2 ** 43), { start: 2 ** 42, end: 2 ** 43 - 1 });
  for (const none of ['bytes=100-', 'bytes=-0']) assert.equal(range(none), 'unsatisfiable');
  assert.equal(range('bytes=0-', 0), 'unsatisfiable');
  for (const whole of ['bytes=-', 'bytes=5-4', 'bytes=0-1,3-4', 'lines=0-1', 'bytes=a-b', `bytes=0-${'9'.repeat(20)}`])
    assert.equal(range(whole), null, whole);
  assert.equal(range('bytes=0-0', 100, { 'if-range': '"other"' }), null);
  assert.deepEqual(range('bytes=0-0', 100, { 'if-range': '"v"' }), { start: 0, end: 0 });
});

test('times to the nanosecond, before 1970 as well', () => {
  const time = (mtimeNanos: bigint) =>
    encodeEntry({
      name: '',
      sizeBytes: 0,
      mode: 0,
      uid: 0,
      gid: 0,
      mtimeNanos,
      type: 'file',
      linkTarget: '',
      version: '',
    });
  const shown = (nanos: bigint) => Object.entries(time(nanos)).find(([name]) => name === 'ModTime')?.[1];
  assert.equal(shown(1_700_000_000_123_456_789n), '2023-11-14T22:13:20.123456789Z');
  assert.equal(shown(-1n), '1969-12-31T23:59:59.999999999Z');
});
