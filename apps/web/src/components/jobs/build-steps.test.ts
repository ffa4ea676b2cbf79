import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSteps } from './build-steps.ts';

test('the log is cut at its steps', () => {
  const steps = buildSteps([
    'latest: Pulling from library/busybox',
    'Step 1/2 : FROM busybox',
    ' ---> 0123456789ab',
    'Step 2/2 : RUN echo "Step 1/2 : FROM nothing"',
    ' ---> Using cache',
    '',
    'Successfully built abc',
  ]);
  assert.deepEqual(
    steps.map(({ number, total, instruction, isCached, lines }) => [
      number,
      total,
      instruction,
      isCached,
      lines.length,
    ]),
    [
      [0, 0, '', false, 1],
      [1, 2, 'FROM busybox', false, 1],
      [2, 2, 'RUN echo "Step 1/2 : FROM nothing"', true, 1],
    ],
  );
});

test('a log of which the beginning was dropped is still shown', () => {
  assert.deepEqual(
    buildSteps(['tail of a step']).map(({ number, lines }) => [number, lines]),
    [[0, ['tail of a step']]],
  );
});
