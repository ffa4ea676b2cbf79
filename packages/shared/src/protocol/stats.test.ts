import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStatsDecoder, createStatsEncoder, StatsFrameError } from './stats.ts';
import {
  type ContainerStats,
  containerStatsFields,
  type HostStats,
  hostStatsFields,
  type StatsSample,
} from './stats-fields.ts';

const id = (n: number) => n.toString(16).padStart(64, '0');
const host = (value: number) => Object.fromEntries(hostStatsFields.map((field) => [field, value])) as HostStats;
const stats = (value: number) =>
  Object.fromEntries(containerStatsFields.map((field) => [field, value])) as ContainerStats;

function sample(timeMs: number, values: Record<number, number>): StatsSample {
  const containers = Object.entries(values).map(([n, value]) => ({ id: id(Number(n)), stats: stats(value) }));
  return { timeMs, host: host(timeMs), containers };
}

test('what was encoded is decoded, over a changing set of containers', () => {
  const encoder = createStatsEncoder();
  const decoder = createStatsDecoder();
  const samples = [
    sample(1, {}),
    sample(2, { 1: 0.5, 2: 7 }),
    sample(3, { 1: 0.5, 2: 8.25 }),
    sample(4, { 2: 8.25, 3: 2 ** 40 + 1 }),
    sample(5, { 3: 0 }),
    sample(6, {}),
  ];
  for (const each of samples) assert.deepEqual(decoder.decode(encoder.encode(each)), each);
});

test('a sample in which nothing changed costs a mask for each container and nothing more', () => {
  const encoder = createStatsEncoder();
  const values = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [n, n + 1]));
  const first = sample(1, values);
  encoder.encode(first);
  assert.equal(encoder.encode({ ...first, timeMs: 2 }).byteLength, 12 + 1 + 100 * 2);
});

test('values that are no numbers, and ids that are none, do not reach the wire', () => {
  const encoder = createStatsEncoder();
  const decoded = createStatsDecoder().decode(
    encoder.encode({
      timeMs: 1,
      host: { ...host(1), load1: Number.NaN },
      containers: [
        { id: 'short', stats: stats(1) },
        { id: id(1), stats: { ...stats(1), pids: Number.POSITIVE_INFINITY, cpuCores: -1 } },
      ],
    }),
  );
  assert.equal(decoded.host.load1, 0);
  assert.deepEqual(decoded.containers, [{ id: id(1), stats: { ...stats(1), pids: 0, cpuCores: 0 } }]);
});

test('a delta before any keyframe is refused', () => {
  const encoder = createStatsEncoder();
  encoder.encode(sample(1, { 1: 1 }));
  const delta = encoder.encode(sample(2, { 1: 2 }));
  assert.throws(() => createStatsDecoder().decode(delta), StatsFrameError);
});

test('a frame cut at any byte, or with one byte more, is refused', () => {
  const frame = createStatsEncoder().encode(sample(1, { 1: 1, 2: 2 }));
  for (let length = 0; length < frame.byteLength; length++)
    assert.throws(() => createStatsDecoder().decode(frame.subarray(0, length)), StatsFrameError, `length ${length}`);
  assert.throws(() => createStatsDecoder().decode(Uint8Array.of(...frame, 0)), StatsFrameError);
});

test('random and damaged frames are either refused as such or decode to finite values', () => {
  let seed = 12345;
  const random = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) / 2 ** 32;
  const good = createStatsEncoder().encode(sample(1, { 1: 1, 2: 2, 3: 3 }));
  for (let round = 0; round < 20_000; round++) {
    const frame =
      round % 2 ? good.slice() : Uint8Array.from({ length: Math.floor(random() * 200) }, () => random() * 256);
    if (round % 2) for (let hits = 0; hits < 3; hits++) frame[Math.floor(random() * frame.length)] = random() * 256;
    else if (frame.length > 4) frame.set([1, Math.floor(random() * 4), 0, 0]);
    try {
      const { host, containers, timeMs } = createStatsDecoder().decode(frame);
      const values = [timeMs, ...Object.values(host), ...containers.flatMap((each) => Object.values(each.stats))];
      assert.ok(values.every(Number.isFinite));
    } catch (error) {
      assert.ok(error instanceof StatsFrameError, String(error));
    }
  }
});
