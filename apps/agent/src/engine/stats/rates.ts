/** Two ticks → one sample: counters become rates, gauges stay. Pure. */
import type { ContainerStats, HostStats, StatsSample } from '@berth/shared/protocol/stats-fields';
import type { HostCounters } from './host.ts';
import type { RawRow, Tick } from './sampler.ts';

/** A v1 cgroup without a limit tells the largest page-aligned int64. */
const noLimitBytes = 2 ** 62;

/** A container that is new in `now` has no rates yet: zero, until the next tick. */
export function toSample(before: Tick | null, now: Tick): StatsSample {
  const seconds = before ? (now.timeMs - before.timeMs) / 1000 : 0;
  return {
    timeMs: now.timeMs,
    host: hostStats(before?.host, now.host, seconds),
    containers: [...now.rows].map(([id, row]) => ({ id, stats: containerStats(before?.rows.get(id), row, seconds) })),
  };
}

function containerStats(before: RawRow | undefined, now: RawRow, seconds: number): ContainerStats {
  const delta = (field: string) => rise(before?.[field], now[field]);
  const perSecond = (field: string) => (seconds > 0 ? delta(field) / seconds : 0);
  const memoryLimit = known(now.memoryLimitBytes);
  const periods = delta('cpuPeriods');
  return {
    cpuCores: perSecond('cpuUsageNanos') / 1e9,
    cpuThrottledRatio: periods > 0 ? Math.min(1, delta('cpuThrottledPeriods') / periods) : 0,
    // File pages that nobody touched lately are the kernel's to take: `docker stats` leaves them out, too.
    memoryBytes: Math.max(0, known(now.memoryUsageBytes) - known(now.memoryInactiveFileBytes)),
    memoryLimitBytes: memoryLimit < noLimitBytes ? memoryLimit : 0,
    rxBytesPerSecond: perSecond('rxBytes'),
    txBytesPerSecond: perSecond('txBytes'),
    readBytesPerSecond: perSecond('blkReadBytes'),
    writeBytesPerSecond: perSecond('blkWriteBytes'),
    pids: known(now.pidsCurrent),
    pidsLimit: known(now.pidsLimit),
  };
}

function hostStats(before: HostCounters | undefined, now: HostCounters, seconds: number): HostStats {
  const ticks = rise(before?.cpuTotalTicks, now.cpuTotalTicks);
  const perSecond = (field: 'rxBytes' | 'txBytes') => (seconds > 0 ? rise(before?.[field], now[field]) / seconds : 0);
  return {
    cpuCores: ticks > 0 ? (rise(before?.cpuBusyTicks, now.cpuBusyTicks) / ticks) * now.cpuCount : 0,
    load1: now.load1,
    memoryBytes: now.memoryBytes,
    memoryTotalBytes: now.memoryTotalBytes,
    diskUsedBytes: now.diskUsedBytes,
    diskTotalBytes: now.diskTotalBytes,
    rxBytesPerSecond: perSecond('rxBytes'),
    txBytesPerSecond: perSecond('txBytes'),
  };
}

/** Zero over the first value, an unknown one, and a counter that began anew (the container was restarted). */
function rise(before: number | undefined, now: number | undefined): number {
  const delta = (now ?? Number.NaN) - (before ?? Number.NaN);
  return Number.isFinite(delta) && delta > 0 ? delta : 0;
}

function known(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) ? value : 0;
}
