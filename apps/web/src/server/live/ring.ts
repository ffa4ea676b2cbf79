/** The newest samples of one series in memory: as many points as fit, older ones are overwritten. */
export interface Ring {
  push(timeMs: number, values: ArrayLike<number>): void;
  /** Points after `afterMs`, oldest first. */
  points(afterMs: number): { timeMs: number; values: number[] }[];
  newestMs(): number;
}

const firstPoints = 64;

/** Grows by doubling up to `pointsMax`, so that a short-lived container costs little. */
export function createRing(fields: number, pointsMax: number): Ring {
  const width = fields + 1;
  let data = new Float64Array(Math.min(firstPoints, pointsMax) * width);
  let count = 0;
  let next = 0;
  const grow = (): void => {
    const capacity = data.length / width;
    if (count < capacity || capacity >= pointsMax) return;
    const larger = new Float64Array(Math.min(capacity * 2, pointsMax) * width);
    larger.set(data);
    data = larger;
    next = count;
  };
  const newestMs = (): number => {
    if (count === 0) return 0;
    const capacity = data.length / width;
    return data[((next - 1 + capacity) % capacity) * width] ?? 0;
  };
  return {
    newestMs,
    push(timeMs, values) {
      // Time does not run backwards within a series; a host whose clock was set back is believed again once it caught up.
      if (timeMs <= newestMs()) return;
      grow();
      data[next * width] = timeMs;
      data.set(values, next * width + 1);
      const capacity = data.length / width;
      next = (next + 1) % capacity;
      count = Math.min(count + 1, capacity);
    },
    points(afterMs) {
      const capacity = data.length / width;
      const points = [];
      for (let index = 0; index < count; index++) {
        const at = ((next - count + index + capacity) % capacity) * width;
        const timeMs = data[at] ?? 0;
        if (timeMs > afterMs) points.push({ timeMs, values: [...data.subarray(at + 1, at + width)] });
      }
      return points;
    },
  };
}
