/** Failed sign-ins, counted in memory by account and by address; a window after the last failure all is forgotten. */
export interface Limiter {
  /** Milliseconds to wait before another try, 0: go ahead. Counts the try; call `clear` when it succeeds. */
  attempt(keys: { account: string; address: string }): number;
  clear(keys: { account: string; address: string }): void;
}

export const attemptsPerAccount = 5;
export const attemptsPerAddress = 20;
export const windowMs = 15 * 60_000;
const keysMax = 10_000;

export function createLimiter(now: () => number): Limiter {
  const counts = new Map<string, { count: number; until: number }>();
  const waitOf = (key: string, max: number): number => {
    const entry = counts.get(key);
    if (!entry || entry.until <= now()) return 0;
    return entry.count >= max ? entry.until - now() : 0;
  };
  const add = (key: string): void => {
    const entry = counts.get(key);
    const count = entry && entry.until > now() ? entry.count + 1 : 1;
    counts.delete(key);
    counts.set(key, { count, until: now() + windowMs });
    const oldest = counts.keys().next().value;
    if (counts.size > keysMax && oldest !== undefined) counts.delete(oldest);
  };
  return {
    attempt({ account, address }) {
      const waitMs = Math.max(waitOf(`a ${account}`, attemptsPerAccount), waitOf(`i ${address}`, attemptsPerAddress));
      if (waitMs > 0) return waitMs;
      add(`a ${account}`);
      add(`i ${address}`);
      return 0;
    },
    clear({ account, address }) {
      counts.delete(`a ${account}`);
      const entry = counts.get(`i ${address}`);
      if (entry) entry.count = Math.max(0, entry.count - 1);
    },
  };
}
