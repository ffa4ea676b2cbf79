import assert from 'node:assert/strict';
import test from 'node:test';
import { multiplexed } from './frames.ts';

test('a piece of stderr is preceded by its stream number and big-endian length', () => {
  assert.deepEqual([...multiplexed('stderr', Buffer.from('hey'))], [2, 0, 0, 0, 0, 0, 0, 3, 104, 101, 121]);
});

test('an empty piece of stdout is a header alone', () => {
  assert.deepEqual([...multiplexed('stdout', Buffer.alloc(0))], [1, 0, 0, 0, 0, 0, 0, 0]);
});
