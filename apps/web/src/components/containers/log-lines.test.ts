import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendLines, createLineReader, filterLines, type LogLine } from './log-lines.ts';

const line = (id: number, text: string, stream: LogLine['stream'] = 'stdout'): LogLine => ({
  id,
  text,
  stream,
  time: '',
});

test('a JSON line that arrives in pieces is read once it is whole', () => {
  const seen: unknown[] = [];
  const read = createLineReader((value) => seen.push(value));
  read('{"text":"a');
  assert.deepEqual(seen, []);
  read('b"}\n{"text":"c"}\n');
  assert.deepEqual(seen, [{ text: 'ab' }, { text: 'c' }]);
});

test('text that is not JSON is shown rather than lost', () => {
  const seen: unknown[] = [];
  createLineReader((value) => seen.push(value))('bad gateway\n');
  assert.deepEqual(seen, [{ stream: 'stdout', time: '', text: 'bad gateway' }]);
});

test('the oldest lines go when there are too many', () => {
  const lines = appendLines([line(1, 'a'), line(2, 'b')], [line(3, 'c')], 2);
  assert.deepEqual(
    lines.map((entry) => entry.id),
    [2, 3],
  );
});

test('search reads through colours and ignores case', () => {
  const lines = [line(1, '\u001b[31mErr\u001b[0mor'), line(2, 'fine')];
  assert.deepEqual(
    filterLines(lines, { search: 'ERROR', stream: 'all' }).map((entry) => entry.id),
    [1],
  );
});

test('one stream can be shown alone', () => {
  const lines = [line(1, 'a'), line(2, 'b', 'stderr')];
  assert.deepEqual(
    filterLines(lines, { search: '', stream: 'stderr' }).map((entry) => entry.id),
    [2],
  );
});
