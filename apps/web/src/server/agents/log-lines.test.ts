import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogReader } from './log-lines.ts';

function frame(stream: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

test('framed entries come out whole and in order, wherever the chunks are cut', () => {
  const bytes = Buffer.concat([
    frame(1, '2026-01-01T00:00:00Z zażółć\n'),
    frame(2, '2026-01-01T00:00:01Z err\r\n'),
    frame(1, '2026-01-01T00:00:02Z \n'),
  ]);
  const expected = [
    { stream: 'stdout', time: '2026-01-01T00:00:00Z', text: 'zażółć' },
    { stream: 'stderr', time: '2026-01-01T00:00:01Z', text: 'err' },
    { stream: 'stdout', time: '2026-01-01T00:00:02Z', text: '' },
  ];
  for (let size = 1; size <= bytes.length; size++) {
    const read = createLogReader(false);
    let text = '';
    for (let at = 0; at < bytes.length; at += size) text += read(bytes.subarray(at, at + size));
    assert.deepEqual(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
      expected,
    );
  }
});

test("a terminal's raw log is cut at line feeds, and a character across two chunks stays whole", () => {
  const bytes = Buffer.from('2026-01-01T00:00:00Z ż\r\n2026-01-01T00:00:01Z b\r\n');
  const read = createLogReader(true);
  const text = read(bytes.subarray(0, 22)) + read(bytes.subarray(22));
  assert.deepEqual(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).text),
    ['ż', 'b'],
  );
});

test('what is not framed is refused instead of shown as nonsense', () => {
  assert.throws(() => createLogReader(false)(Buffer.from('plain text, not framed')));
});
