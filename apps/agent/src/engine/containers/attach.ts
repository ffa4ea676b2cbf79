/** Connections to a container's own streams. One that comes before the start misses not a byte of what is said. */
import { EngineError } from '@berth/shared/errors';
import type { SupervisorConnection } from '../runtime/supervisor.ts';
import { frame } from '../runtime/supervisor-protocol.ts';
import type { Context } from './context.ts';
import { isLive } from './state.ts';
import type { ContainerRecord } from './store.ts';

export interface AttachedStreams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

interface Waiter {
  streams: AttachedStreams;
  resolve: (supervisor: SupervisorConnection) => void;
  reject: (error: unknown) => void;
}

export function createAttachments(context: Context) {
  const waiters = new Map<string, Set<Waiter>>();
  const take = (id: string): Waiter[] => {
    const waiting = waiters.get(id);
    waiters.delete(id);
    return [...(waiting ?? [])];
  };

  async function attachLive(record: ContainerRecord, streams: AttachedStreams): Promise<SupervisorConnection> {
    const supervisor = await context.connect(record);
    supervisor.hold();
    await supervisor.request(frame.attach, streams);
    return supervisor;
  }

  return {
    /** To a container that is not running, this waits for its next start. */
    async attach(reference: string, streams: AttachedStreams, signal: AbortSignal): Promise<SupervisorConnection> {
      const record = context.find(reference);
      if (isLive(record)) return attachLive(record, streams);
      return new Promise((resolve, reject) => {
        const one: Waiter = { streams, resolve, reject };
        const waiting = waiters.get(record.id) ?? new Set();
        waiters.set(record.id, waiting.add(one));
        signal.addEventListener('abort', () => {
          waiting.delete(one);
          reject(new EngineError('cancelled', 'the client is gone'));
        });
      });
    },
    /** Between making a container and starting it. */
    async joinWaiting(record: ContainerRecord): Promise<void> {
      await Promise.all(take(record.id).map((one) => attachLive(record, one.streams).then(one.resolve, one.reject)));
    },
    drop(id: string, error: unknown): void {
      for (const one of take(id)) one.reject(error);
    },
  };
}

export type Attachments = ReturnType<typeof createAttachments>;
