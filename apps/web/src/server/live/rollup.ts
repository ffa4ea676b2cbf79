/**
 * Samples → rows of the finest step, pure. A row is handed out once its step is over for its host (a later sample of the
 * same host came, or time has passed), or all of them at the end.
 */
import { containerStatsFields, hostStatsFields, type StatsSample } from '@berth/shared/protocol/stats-fields';
import type { RollupMeans, RollupRow } from '../db/rollups.ts';
import { rollupSteps } from '../rollup-steps.ts';

const stepMs = rollupSteps[0].stepSeconds * 1000;

interface Bucket {
  hostId: string;
  containerId: string;
  timeMs: number;
  samples: number;
  sums: RollupMeans;
}

export interface Rollup {
  add(hostId: string, sample: StatsSample): void;
  /** Rows whose step ended before `beforeMs`, and forgets them. */
  take(beforeMs: number): RollupRow[];
  /** Every sample of the host up to here has been handed out. */
  takenUpTo(hostId: string, beforeMs: number): number;
}

export function createRollup(): Rollup {
  const buckets = new Map<string, Bucket>();
  const newest = new Map<string, number>();
  const add = (
    hostId: string,
    containerId: string,
    timeMs: number,
    fields: readonly (keyof RollupMeans)[],
    values: Record<string, number>,
  ): void => {
    const start = Math.floor(timeMs / stepMs) * stepMs;
    const key = `${hostId}/${containerId}/${start}`;
    const bucket = buckets.get(key) ?? { hostId, containerId, timeMs: start, samples: 0, sums: {} };
    bucket.samples++;
    for (const field of fields) bucket.sums[field] = (bucket.sums[field] ?? 0) + (values[field] ?? 0);
    buckets.set(key, bucket);
  };
  return {
    add(hostId, { timeMs, host, containers }) {
      add(hostId, '', timeMs, hostStatsFields, host);
      for (const { id, stats } of containers) add(hostId, id, timeMs, containerStatsFields, stats);
      newest.set(hostId, Math.max(newest.get(hostId) ?? 0, timeMs));
    },
    take(beforeMs) {
      const rows: RollupRow[] = [];
      for (const [key, { hostId, containerId, timeMs, samples, sums }] of buckets) {
        if (timeMs + stepMs > beforeMs) continue;
        buckets.delete(key);
        const means = Object.fromEntries(Object.entries(sums).map(([field, sum]) => [field, sum / samples]));
        rows.push({ hostId, containerId, timeMs, samples, means });
      }
      return rows;
    },
    takenUpTo(hostId, beforeMs) {
      return Math.min(newest.get(hostId) ?? 0, Math.floor(beforeMs / stepMs) * stepMs - 1);
    },
  };
}
