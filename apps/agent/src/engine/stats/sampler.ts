/** One clock and one native call for all containers of the host. It ticks only while something listens. */
import { setInterval } from 'node:timers';
import { describeError, log } from '../../log.ts';
import type { HostCounters } from './host.ts';

const tickMs = 1000;

/** A container's raw counters and gauges, by the name of the native sampler's field; NaN where the kernel has none. */
export type RawRow = Record<string, number>;

export interface Tick {
  timeMs: number;
  rows: Map<string, RawRow>;
  host: HostCounters;
}

/** The addon's Sampler. */
export interface NativeSampler {
  add(id: string, source: { cgroups: Record<string, string>; hostInterface?: string }): void;
  remove(id: string): void;
  ids(): string[];
  sample(): Float64Array;
  close(): void;
}

export interface Sampler {
  add(id: string, source: { cgroups: Record<string, string>; hostInterface?: string }): void;
  remove(id: string): void;
  /** The container's newest row, at most a tick old; null when it is not sampled. */
  latest(id: string): RawRow | null;
  subscribe(listener: (tick: Tick) => void): () => void;
  hostSample(): HostCounters;
  start(): void;
  stop(): void;
}

interface Dependencies {
  native: NativeSampler;
  /** The addon's sampleFields: the order of a native row. */
  fields: readonly string[];
  readHost: () => HostCounters;
  now?: () => number;
}

export function createSampler({ native, fields, readHost, now = Date.now }: Dependencies): Sampler {
  const listeners = new Set<(tick: Tick) => void>();
  let started = false;
  let timer: NodeJS.Timeout | undefined;
  let newest: Tick | null = null;

  const take = (): Tick => {
    const ids = native.ids();
    const values = native.sample();
    const rows = new Map(ids.map((id, index) => [id, toRow(values, index)]));
    newest = { timeMs: now(), rows, host: readHost() };
    return newest;
  };
  const toRow = (values: Float64Array, index: number): RawRow =>
    Object.fromEntries(fields.map((field, at) => [field, values[index * fields.length + at] ?? Number.NaN]));
  const tick = (): void => {
    try {
      const taken = take();
      for (const listener of listeners) listener(taken);
    } catch (error) {
      log('error', 'sampling failed', { error: describeError(error) });
    }
  };
  const adjust = (): void => {
    const wanted = started && listeners.size > 0;
    if (wanted && !timer) timer = setInterval(tick, tickMs).unref();
    if (!wanted) {
      clearInterval(timer);
      timer = undefined;
    }
  };

  return {
    add(id, source) {
      native.add(id, source);
    },
    remove(id) {
      native.remove(id);
      newest?.rows.delete(id);
    },
    latest(id) {
      const isFresh = newest !== null && now() - newest.timeMs < tickMs && newest.rows.has(id);
      return (isFresh ? newest : take())?.rows.get(id) ?? null;
    },
    subscribe(listener) {
      listeners.add(listener);
      adjust();
      return () => {
        listeners.delete(listener);
        adjust();
      };
    },
    hostSample: readHost,
    start() {
      started = true;
      adjust();
    },
    stop() {
      started = false;
      adjust();
    },
  };
}
