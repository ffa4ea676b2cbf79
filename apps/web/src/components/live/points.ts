export interface TimedPoint {
  timeMs: number;
}

/** New points join the window: in order of time, each moment once, nothing older than `fromMs`. */
export function mergePoints<T extends TimedPoint>(kept: readonly T[], incoming: readonly T[], fromMs: number): T[] {
  const byTime = new Map<number, T>();
  for (const point of kept) if (point.timeMs >= fromMs) byTime.set(point.timeMs, point);
  for (const point of incoming) if (point.timeMs >= fromMs) byTime.set(point.timeMs, point);
  return [...byTime.values()].sort((a, b) => a.timeMs - b.timeMs);
}

export interface Columns {
  /** Unix seconds, as uPlot wants them. */
  times: number[];
  values: (number | null)[][];
}

/** One column for each field. A hole longer than `gapMs` becomes a null, so that no line is drawn through what nobody measured. */
export function toColumns<T extends TimedPoint>(
  points: readonly T[],
  fields: readonly (keyof T)[],
  gapMs: number,
): Columns {
  const times: number[] = [];
  const values: (number | null)[][] = fields.map(() => []);
  let previousMs: number | null = null;
  for (const point of points) {
    if (previousMs !== null && point.timeMs - previousMs > gapMs) {
      times.push((previousMs + 1) / 1000);
      for (const column of values) column.push(null);
    }
    previousMs = point.timeMs;
    times.push(point.timeMs / 1000);
    fields.forEach((field, index) => {
      const value = point[field];
      values[index]?.push(typeof value === 'number' ? value : null);
    });
  }
  return { times, values };
}
