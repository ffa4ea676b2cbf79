/** Liveness of one connection: sends a beat at an interval and says once when nothing was heard for three of them. */
const missedMax = 3;

export interface Heartbeat {
  heard(): void;
  stop(): void;
}

export function startHeartbeat(options: { everyMs: number; beat: () => void; onSilent: () => void }): Heartbeat {
  let missed = 0;
  const timer = setInterval(() => {
    missed++;
    if (missed <= missedMax) return options.beat();
    clearInterval(timer);
    options.onSilent();
  }, options.everyMs).unref();
  return {
    heard() {
      missed = 0;
    },
    stop() {
      clearInterval(timer);
    },
  };
}
