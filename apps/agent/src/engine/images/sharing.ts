/** Callers that want the same thing at once share the work for it; it ends when nobody wants it any more. */
import { EngineError } from '@berth/shared/errors';

interface Caller {
  signal: AbortSignal;
}

interface Shared<T, C> {
  starter: C;
  callers: Set<C>;
  result: Promise<T>;
  stop: AbortController;
}

export function createSharing<T, C extends Caller>(
  work: (key: string, starter: C, signal: AbortSignal, callers: ReadonlySet<C>) => Promise<T>,
) {
  const running = new Map<string, Shared<T, C>>();

  function begin(key: string, starter: C): Shared<T, C> {
    const stop = new AbortController();
    const callers = new Set<C>();
    const shared = { starter, callers, stop, result: work(key, starter, stop.signal, callers) };
    running.set(key, shared);
    const forget = () => running.delete(key);
    shared.result.then(forget, forget);
    return shared;
  }

  /** The last that goes waits for the end of the work: nothing of it is left behind a caller's back. */
  function wait(shared: Shared<T, C>, caller: C): Promise<T> {
    shared.callers.add(caller);
    return new Promise((resolve, reject) => {
      const leave = () => {
        shared.callers.delete(caller);
        if (shared.callers.size === 0) shared.stop.abort();
        else reject(cancelled());
      };
      caller.signal.addEventListener('abort', leave, { once: true });
      shared.result.then(resolve, reject).finally(() => caller.signal.removeEventListener('abort', leave));
    });
  }

  return async function join(key: string, caller: C): Promise<T> {
    for (;;) {
      if (caller.signal.aborted) throw cancelled();
      const shared = running.get(key) ?? begin(key, caller);
      try {
        return await wait(shared, caller);
      } catch (error) {
        if (caller.signal.aborted) throw cancelled();
        // What the starter brought (its connection) ended with the starter: the next of them begins again.
        if (shared.starter === caller || !shared.starter.signal.aborted) throw error;
      }
    }
  };
}

const cancelled = () => new EngineError('cancelled', 'the request was cancelled');
