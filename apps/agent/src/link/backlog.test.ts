import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ContainerStats,
  containerStatsFields,
  type HostStats,
  hostStatsFields,
  type StatsSample,
} from '@berth/shared/protocol/stats-fields';
import { coarseSamplesMax, createBacklog, fineSamplesMax } from './backlog.ts';

const host = (value: number) => Object.fromEntries(hostStatsFields.map((field) => [field, value])) as HostStats;
const stats = (value: number) =>
  Object.fromEntries(containerStatsFields.map((field) => [field, value])) as ContainerStats;
const sample = (second: number): StatsSample => ({
  timeMs: second * 1000,
  host: host(second),
  containers: [{ id: 'a', stats: stats(second) }],
});

function drain(backlog: ReturnType<typeof createBacklog>, afterMs: number): StatsSample[] {
  const all = [];
  for (let each = backlog.next(afterMs); each; each = backlog.next(each.timeMs)) all.push(each);
  return all;
}

test('two hours of samples stay within the bounds, in order, without a hole in what is kept', () => {
  const backlog = createBacklog();
  for (let second = 1; second <= 7200; second++) backlog.add(sample(second));
  assert.ok(backlog.size() <= fineSamplesMax + coarseSamplesMax);
  const kept = drain(backlog, 0);
  assert.equal(kept.at(-1)?.timeMs, 7_200_000);
  for (const [index, each] of kept.entries()) {
    const before = kept[index - 1]?.timeMs ?? each.timeMs - 1;
    assert.ok(each.timeMs > before && each.timeMs - before <= 10_000, `${before} → ${each.timeMs}`);
  }
  assert.ok((kept[0]?.timeMs ?? 0) <= 7_200_000 - 3_500_000, 'about an hour is kept');
});

test('an older step is the mean of its samples', () => {
  const backlog = createBacklog();
  for (let second = 10; second <= 10 + fineSamplesMax; second++) backlog.add(sample(second));
  const first = drain(backlog, 0)[0];
  assert.equal(first?.timeMs, 19_000);
  assert.equal(first?.host.cpuCores, 14.5);
  assert.equal(first?.containers[0]?.stats.pids, 14.5);
});

test('only what is newer than asked for is sent again', () => {
  const backlog = createBacklog();
  for (let second = 1; second <= 60; second++) backlog.add(sample(second));
  assert.deepEqual(
    drain(backlog, 57_000).map(({ timeMs }) => timeMs),
    [58_000, 59_000, 60_000],
  );
});

test('a clock that was set back starts over', () => {
  const backlog = createBacklog();
  for (const second of [100, 101, 50, 51]) backlog.add(sample(second));
  assert.deepEqual(
    drain(backlog, 0).map(({ timeMs }) => timeMs),
    [50_000, 51_000],
  );
});
