import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRing } from './ring.ts';

test('a ring keeps the newest points in order, however far it has grown', () => {
  for (const pointsMax of [1, 3, 64, 65, 100, 200]) {
    const ring = createRing(2, pointsMax);
    for (let time = 1; time <= 500; time++) {
      ring.push(time, [time, -time]);
      const expected = Array.from(
        { length: Math.min(time, pointsMax) },
        (_, index) => time - Math.min(time, pointsMax) + 1 + index,
      );
      assert.deepEqual(
        ring.points(0),
        expected.map((timeMs) => ({ timeMs, values: [timeMs, -timeMs] })),
      );
    }
    assert.equal(ring.newestMs(), 500);
  }
});

test('points are asked for after a time, and one that is not newer is not taken', () => {
  const ring = createRing(1, 10);
  for (const time of [1, 2, 3, 3, 2, 5]) ring.push(time, [time]);
  assert.deepEqual(ring.points(2), [
    { timeMs: 3, values: [3] },
    { timeMs: 5, values: [5] },
  ]);
});
