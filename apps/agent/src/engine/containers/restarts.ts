/** Restart policies: whether and when a container that ended starts again, with a back-off that doubles. */
import { describeError, log } from '../../log.ts';
import type { Context } from './context.ts';
import type { ContainerRecord } from './store.ts';

export const restartDelayMsMin = 100;
const restartDelayMsMax = 60_000;
/** A container that lived this long starts its back-off anew. */
const restartSettledMs = 10_000;

export function createRestarts(context: Context, start: (record: ContainerRecord) => Promise<void>) {
  const waiting = new Map<string, { timer: NodeJS.Timeout | null; delayMs: number }>();

  /** null: it stays as it is. */
  function delayOf(record: ContainerRecord): number | null {
    const { Name, MaximumRetryCount } = record.hostConfig.RestartPolicy;
    if (context.isStopping || record.stoppedByUser || Name === 'no') return null;
    if (Name === 'on-failure') {
      if (record.exitCode === 0 || (MaximumRetryCount > 0 && record.restartCount >= MaximumRetryCount)) return null;
    }
    const known = waiting.get(record.id);
    const lived = Date.parse(record.finishedAt) - Date.parse(record.startedAt);
    return known === undefined || lived >= restartSettledMs
      ? restartDelayMsMin
      : Math.min(known.delayMs * 2, restartDelayMsMax);
  }

  function schedule(record: ContainerRecord, delayMs: number): void {
    cancel(record.id);
    const timer = setTimeout(() => {
      void context.locked(record.id, async () => {
        if (record.status !== 'restarting') return;
        record.restartCount++;
        await start(record).catch((error) =>
          log('warn', 'a restart failed', { container: record.id, error: describeError(error) }),
        );
      });
    }, delayMs);
    waiting.set(record.id, { timer, delayMs });
  }

  function cancel(id: string): void {
    const known = waiting.get(id);
    if (known?.timer != null) clearTimeout(known.timer);
    if (known !== undefined) known.timer = null;
  }

  return {
    delayOf,
    schedule,
    cancel,
    forget(id: string): void {
      cancel(id);
      waiting.delete(id);
    },
    cancelAll(): void {
      for (const id of waiting.keys()) cancel(id);
    },
  };
}

export type Restarts = ReturnType<typeof createRestarts>;
