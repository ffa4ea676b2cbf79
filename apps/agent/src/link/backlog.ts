/**
 * Samples kept for a dashboard that is away: the newest minutes as taken, older ones as means of ten seconds (the finest
 * step that is ever stored), an hour in all.
 */
import {
  type ContainerStats,
  containerStatsFields,
  type HostStats,
  hostStatsFields,
  type StatsSample,
} from '@berth/shared/protocol/stats-fields';

export const fineSamplesMax = 120;
export const coarseStepMs = 10_000;
export const coarseSamplesMax = 360;

export interface Backlog {
  add(sample: StatsSample): void;
  /** The oldest sample after that time. */
  next(afterMs: number): StatsSample | undefined;
  size(): number;
}

export function createBacklog(): Backlog {
  let coarse: StatsSample[] = [];
  let fine: StatsSample[] = [];
  return {
    add(sample) {
      // A clock that was set back: what was kept would come out of order.
      if (sample.timeMs <= (fine.at(-1)?.timeMs ?? 0)) {
        coarse = [];
        fine = [];
      }
      fine.push(sample);
      if (fine.length <= fineSamplesMax) return;
      const step = stepOf(fine[0]);
      const count = fine.findIndex((each) => stepOf(each) !== step);
      coarse.push(mean(fine.splice(0, count < 0 ? fine.length : count)));
      coarse = coarse.slice(-coarseSamplesMax);
    },
    next(afterMs) {
      return firstAfter(coarse, afterMs) ?? firstAfter(fine, afterMs);
    },
    size: () => coarse.length + fine.length,
  };
}

function stepOf(sample: StatsSample | undefined): number {
  return Math.floor((sample?.timeMs ?? 0) / coarseStepMs);
}

/** Binary search: the samples are in order of time. */
function firstAfter(samples: readonly StatsSample[], afterMs: number): StatsSample | undefined {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle]?.timeMs ?? 0) > afterMs) high = middle;
    else low = middle + 1;
  }
  return samples[low];
}

function mean(samples: readonly StatsSample[]): StatsSample {
  const containers = Map.groupBy(
    samples.flatMap((sample) => sample.containers),
    ({ id }) => id,
  );
  return {
    timeMs: samples.at(-1)?.timeMs ?? 0,
    host: meanOf<HostStats>(
      hostStatsFields,
      samples.map(({ host }) => host),
    ),
    containers: [...containers].map(([id, rows]) => ({
      id,
      stats: meanOf<ContainerStats>(
        containerStatsFields,
        rows.map(({ stats }) => stats),
      ),
    })),
  };
}

/** The fields are exactly the keys of T: both come from stats-fields.ts. */
function meanOf<T extends Record<string, number>>(fields: readonly (keyof T & string)[], rows: readonly T[]): T {
  const of = (field: keyof T) => rows.reduce((sum, row) => sum + (row[field] ?? 0), 0) / rows.length;
  return Object.fromEntries(fields.map((field) => [field, of(field)])) as T;
}
