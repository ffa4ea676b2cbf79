'use client';
import { useSyncExternalStore } from 'react';

/** One clock for the page: everything that says "3 minutes ago" ticks together, every five seconds. */
const tickMs = 5000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = Date.now();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!timer) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      for (const notify of listeners) notify();
    }, tickMs);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

const serverNow = () => Math.floor(Date.now() / tickMs) * tickMs;

export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now, serverNow);
}
