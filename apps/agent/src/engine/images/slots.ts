/** So many at a time, in the order they came. */
export interface Slots {
  /** `onWait`: none is free at once. */
  use<T>(work: () => Promise<T>, options: { signal: AbortSignal; onWait?: () => void }): Promise<T>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];

  async function take(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      waiting.splice(waiting.indexOf(resolve), 1);
      reject(signal.reason);
    };
    waiting.push(resolve);
    signal.addEventListener('abort', leave, { once: true });
    await promise.finally(() => signal.removeEventListener('abort', leave));
  }

  return {
    async use(work, { signal, onWait }) {
      signal.throwIfAborted();
      if (free > 0) free--;
      else {
        onWait?.();
        await take(signal);
      }
      try {
        return await work();
      } finally {
        // Handed on, or given back.
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    },
  };
}
