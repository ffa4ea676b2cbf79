import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Filters, listed, pruned } from './filter.ts';
import type { Volume } from './volumes.ts';

const volume = (name: string, labels: Record<string, string> = {}, anonymous = false): Volume => ({
  name,
  labels,
  anonymous,
  options: {},
  createdAt: '',
  backing: { kind: 'directory' },
  mountpoint: '',
});
const all = [volume('a', { x: '1' }), volume('b', { x: '2', y: 'a=b' }), volume('c0', {}, true)];
const list = (wanted: Filters) => all.filter(listed(wanted, (name) => name === 'a')).map(({ name }) => name);
const prune = (wanted: Filters) => all.filter(pruned(wanted)).map(({ name }) => name);

test('every kind of filter must hold, and one of several names', () => {
  assert.deepEqual(list({}), ['a', 'b', 'c0']);
  assert.deepEqual(list({ name: ['a', 'c'] }), ['a', 'c0']);
  assert.deepEqual(list({ name: ['^.$'] }), ['a', 'b']);
  assert.deepEqual(list({ name: ['(((', '*'] }), ['a', 'b', 'c0']);
  assert.deepEqual(list({ label: ['x', 'y=a=b'] }), ['b']);
  assert.deepEqual(list({ label: ['toString'] }), []);
  assert.deepEqual(list({ dangling: ['1'], label: ['x'] }), ['b']);
  assert.deepEqual(list({ dangling: ['False'] }), ['a']);
  assert.deepEqual(list({ driver: ['local'] }).length, 3);
  for (const wanted of [{ dangling: ['maybe'] }, { dangling: ['1', '0'] }, { until: ['1h'] }])
    assert.throws(() => list(wanted), /invalid filter/);
});

test('a prune is of those without a name, unless all is said', () => {
  assert.deepEqual(prune({}), ['c0']);
  assert.deepEqual(prune({ all: ['true'] }), ['a', 'b', 'c0']);
  assert.deepEqual(prune({ all: ['0'] }), ['c0']);
  assert.deepEqual(prune({ all: ['1'], label: ['x'], 'label!': ['x=1', 'z'] }), ['b']);
  assert.throws(() => prune({ dangling: ['1'] }), /invalid filter 'dangling'/);
});
