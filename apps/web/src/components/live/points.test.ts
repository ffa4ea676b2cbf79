import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergePoints, toColumns } from './points.ts';

const at = (timeMs: number, pids = timeMs) => ({ timeMs, pids });

test('late points take their place in time', () => {
  assert.deepEqual(mergePoints([at(1), at(4)], [at(2), at(3)], 0), [at(1), at(2), at(3), at(4)]);
});

test('a snapshot that repeats a moment replaces it', () => {
  assert.deepEqual(mergePoints([at(1, 10)], [at(1, 20)], 0), [at(1, 20)]);
});

test('what is older than the window is dropped, kept or new', () => {
  assert.deepEqual(mergePoints([at(1), at(5)], [at(2), at(6)], 5), [at(5), at(6)]);
});

test('a hole in time breaks the line', () => {
  assert.deepEqual(toColumns([at(1000), at(2000), at(9000)], ['pids'], 2500), {
    times: [1, 2, 2.001, 9],
    values: [[1000, 2000, null, 9000]],
  });
});

test('a field that a point does not have is a hole of that field alone', () => {
  const points: { timeMs: number; pids?: number; cpu?: number }[] = [{ timeMs: 0, pids: 1 }];
  assert.deepEqual(toColumns(points, ['pids', 'cpu'], 10).values, [[1], [null]]);
});
