import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countDone, layerOf } from './layers.ts';

const item = (status: string, currentBytes = 0, totalBytes = 0) => ({ id: 'a', status, currentBytes, totalBytes });

test('a layer on its way has the share that the engine tells', () => {
  assert.equal(layerOf(item('Downloading', 1, 4)).ratio, 0.25);
  assert.equal(layerOf(item('Downloading')).ratio, null);
  assert.equal(layerOf(item('Waiting')).ratio, 0);
});

test('what is there or done is full, though no figures come with it', () => {
  const layers = ['Pull complete', 'Already exists', 'Mounted from library/busybox', 'Waiting'].map((status) =>
    layerOf(item(status)),
  );
  assert.deepEqual(
    layers.map(({ ratio }) => ratio),
    [1, 1, 1, 0],
  );
  assert.equal(countDone(layers), 3);
});

test('a word that nobody here knows is kept', () => {
  assert.deepEqual([layerOf(item('Frobnicating')).phase, layerOf(item('toString')).phase], [null, null]);
});
