import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHostReader, parseMeminfo, parseNetDev, parseStat } from './host.ts';
import { toSample } from './rates.ts';
import type { RawRow, Tick } from './sampler.ts';

const host = createHostReader({ diskPath: '/', isOurs: () => false })();
const row = (values: RawRow): RawRow => values;
const tick = (timeMs: number, rows: Record<string, RawRow>, changes = {}): Tick => ({
  timeMs,
  rows: new Map(Object.entries(rows)),
  host: { ...host, ...changes },
});

test('counters become rates over the time that really passed', () => {
  const before = tick(1000, { a: row({ cpuUsageNanos: 1e9, rxBytes: 100, cpuPeriods: 0, cpuThrottledPeriods: 0 }) });
  const now = tick(3000, { a: row({ cpuUsageNanos: 4e9, rxBytes: 300, cpuPeriods: 20, cpuThrottledPeriods: 5 }) });
  const stats = toSample(before, now).containers[0]?.stats;
  assert.equal(stats?.cpuCores, 1.5);
  assert.equal(stats?.rxBytesPerSecond, 100);
  assert.equal(stats?.cpuThrottledRatio, 0.25);
});

test('the first sight of a container, a restarted counter and a missing one are no rate', () => {
  const now = tick(2000, { a: row({ cpuUsageNanos: 5, rxBytes: Number.NaN }) });
  for (const before of [null, tick(1000, {}), tick(1000, { a: row({ cpuUsageNanos: 10, rxBytes: 1 }) })]) {
    const stats = toSample(before, now).containers[0]?.stats;
    assert.equal(stats?.cpuCores, 0);
    assert.equal(stats?.rxBytesPerSecond, 0);
  }
});

test('memory leaves out what the kernel could take, and no limit is 0', () => {
  const stats = (values: RawRow) => toSample(null, tick(1, { a: row(values) })).containers[0]?.stats;
  assert.equal(stats({ memoryUsageBytes: 100, memoryInactiveFileBytes: 30, memoryLimitBytes: 1024 })?.memoryBytes, 70);
  assert.equal(stats({ memoryLimitBytes: 1024 })?.memoryLimitBytes, 1024);
  // biome-ignore lint/correctness/noPrecisionLoss: the value is the point of the test
  assert.equal(stats({ memoryLimitBytes: 9223372036854771712 })?.memoryLimitBytes, 0);
  assert.equal(stats({ memoryLimitBytes: Number.NaN, pidsLimit: Number.NaN })?.pidsLimit, 0);
});

test('host cores are the busy share of all of them', () => {
  const before = tick(0, {}, { cpuBusyTicks: 100, cpuTotalTicks: 1000, cpuCount: 4 });
  const now = tick(1000, {}, { cpuBusyTicks: 200, cpuTotalTicks: 1400, cpuCount: 4 });
  assert.equal(toSample(before, now).host.cpuCores, 1);
});

test('proc files are read by name, and interfaces that count twice are left out', () => {
  assert.deepEqual(parseStat('cpu  10 1 5 80 4 0 0 0 7 0\ncpu0 5 0 0 0\ncpu1 5 0 0 0\n'), {
    cpuBusyTicks: 16,
    cpuTotalTicks: 100,
    cpuCount: 2,
  });
  assert.deepEqual(parseMeminfo('MemTotal:  100 kB\nMemFree:  10 kB\nMemAvailable:  40 kB\n'), {
    memoryTotalBytes: 102_400,
    memoryBytes: 61_440,
  });
  const line = (name: string, rx: number, tx: number) => `${name}: ${rx} 0 0 0 0 0 0 0 ${tx} 0 0 0 0 0 0 0`;
  const text = ['Inter-|', ' face |', line('    lo', 1, 1), line('  eth0', 10, 20), line(' bv0a', 5, 5)].join('\n');
  assert.deepEqual(
    parseNetDev(text, (name) => name.startsWith('bv')),
    { rxBytes: 10, txBytes: 20 },
  );
});

test('this machine has CPUs, memory and a disk', () => {
  assert.ok(host.cpuCount > 0 && host.cpuTotalTicks > 0 && host.memoryTotalBytes > 0 && host.diskTotalBytes > 0);
});
