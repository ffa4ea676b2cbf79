import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freedBytes, type PrunableImage, planPrune } from './prune-plan.ts';

const image = (id: string, part: Partial<PrunableImage> = {}): PrunableImage => ({
  id,
  parentId: '',
  isTagged: false,
  isUsed: false,
  createdAt: 100,
  ...part,
});
const images = [
  image('base', { isTagged: true }),
  image('step1', { parentId: 'base' }),
  image('step2', { parentId: 'step1' }),
  image('dangling', { parentId: 'step2' }),
  image('built', { parentId: 'step1', isTagged: true }),
  image('used', { isUsed: true }),
  image('old', { isTagged: true, createdAt: 1 }),
];

test('what dangles goes, with the steps that nothing else is made of', () => {
  const plan = planPrune(images, { all: false, beforeMs: null });
  assert.deepEqual(plan.images, ['dangling']);
  assert.deepEqual([...plan.going], ['dangling', 'step2']);
});

test('all that is unused goes, but not what something stays that was built from', () => {
  const plan = planPrune(images, { all: true, beforeMs: null });
  assert.deepEqual(plan.images, ['dangling', 'built', 'old']);
  assert.deepEqual([...plan.going].sort(), ['built', 'dangling', 'old', 'step1', 'step2']);
});

test('an age keeps what is younger', () => {
  assert.deepEqual(planPrune(images, { all: true, beforeMs: 50 }).images, ['old']);
});

test('layers count once, and only those that nobody else stands on', () => {
  const layered = [
    { id: 'stays', layers: ['a', 'b'], layerBytes: [1, 2], ownBytes: 0 },
    { id: 'one', layers: ['a', 'c', 'd'], layerBytes: [1, 10, 100], ownBytes: 0 },
    { id: 'two', layers: ['a', 'c'], layerBytes: [1, 10], ownBytes: 0 },
    // The same bytes on other ground are another layer.
    { id: 'three', layers: ['b'], layerBytes: [2], ownBytes: 0 },
    { id: 'silent', layers: ['e'], layerBytes: null, ownBytes: 1000 },
  ];
  assert.equal(freedBytes(layered, new Set(['one', 'two'])), 110);
  assert.equal(freedBytes(layered, new Set(['one', 'two', 'three', 'silent'])), 1112);
  assert.equal(freedBytes(layered, new Set(['two'])), 0);
});
