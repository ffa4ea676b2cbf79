import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, splitBytes } from './bytes.ts';
import { formatAgo, formatDuration } from './duration.ts';
import { formatCores, formatPercent } from './percent.ts';

test('bytes are shown in binary units with at most three significant digits', () => {
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytes(1023), '1,023 B');
  assert.equal(formatBytes(1024), '1 KiB');
  assert.equal(formatBytes(1536), '1.5 KiB');
  assert.equal(formatBytes(64 * 1024 ** 2), '64 MiB');
  assert.equal(formatBytes(24.4 * 1024 ** 3), '24.4 GiB');
});

test('bytes never round up to 1,024 of a unit', () => {
  assert.equal(formatBytes(1024 ** 2 - 1), '1 MiB');
  assert.equal(formatBytes(1024 ** 3 - 1), '1 GiB');
});

test('bytes that are no number are a dash', () => {
  assert.equal(formatBytes(Number.NaN), '–');
  assert.equal(formatBytes(Number.POSITIVE_INFINITY), '–');
});

test('bytes follow the reader’s language', () => assert.equal(formatBytes(1536, 'pl'), '1,5 KiB'));

test('a limit is offered in the unit in which it is a round figure', () => {
  assert.deepEqual(splitBytes(64 * 1024 ** 2), { value: 64, unit: 'MiB' });
  assert.deepEqual(splitBytes(1.5 * 1024 ** 3), { value: 1.5, unit: 'GiB' });
  assert.deepEqual(splitBytes(1100 * 1024 ** 2), { value: 1100, unit: 'MiB' });
});

test('durations show the two largest units', () => {
  assert.equal(formatDuration(0), '0 s');
  assert.equal(formatDuration(59_999), '59 s');
  assert.equal(formatDuration(200_000), '3 min 20 s');
  assert.equal(formatDuration(3_600_000 * 52), '2 d 4 h');
  assert.equal(formatDuration(86_400_000 + 5_000), '1 d');
  assert.equal(formatDuration(-5), '0 s');
});

test('a past moment is told in one unit, in the reader’s language', () => {
  assert.equal(formatAgo(0, 180_000), '3 minutes ago');
  assert.equal(formatAgo(0, 0), 'now');
  assert.equal(formatAgo(0, 7_200_000, 'pl'), '2 godziny temu');
});

test('percentages keep a digit only where it matters', () => {
  assert.equal(formatPercent(0.256), '26%');
  assert.equal(formatPercent(0.0123), '1.2%');
  assert.equal(formatPercent(1), '100%');
  assert.equal(formatPercent(Number.NaN), '–');
});

test('CPU is told in cores', () => {
  assert.equal(formatCores(0.256), '0.26');
  assert.equal(formatCores(12.34), '12.3');
});
