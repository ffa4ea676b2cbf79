import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ContainerStats,
  containerStatsFields,
  type HostStats,
  hostStatsFields,
} from '@berth/shared/protocol/stats-fields';
import { createRollup } from './rollup.ts';

const host = (value: number) => Object.fromEntries(hostStatsFields.map((field) => [field, value])) as HostStats;
const stats = (value: number) =>
  Object.fromEntries(containerStatsFields.map((field) => [field, value])) as ContainerStats;
const id = 'a'.repeat(64);

test('a step is handed out once, when it is over, as the mean of its samples', () => {
  const rollup = createRollup();
  for (let second = 0; second < 15; second++)
    rollup.add('h', { timeMs: second * 1000, host: host(1), containers: [{ id, stats: stats(second) }] });
  const rows = rollup.take(12_000);
  assert.deepEqual(
    rows.map(({ containerId, timeMs, samples }) => ({ containerId, timeMs, samples })),
    [
      { containerId: '', timeMs: 0, samples: 10 },
      { containerId: id, timeMs: 0, samples: 10 },
    ],
  );
  assert.equal(rows[1]?.means.cpuCores, 4.5);
  assert.equal(rows[0]?.means.load1, 1);
  assert.deepEqual(rollup.take(12_000), []);
  assert.equal(rollup.takenUpTo('h', 12_000), 9_999);
  assert.equal(rollup.take(Number.POSITIVE_INFINITY).length, 2);
});
