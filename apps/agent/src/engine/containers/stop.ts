/** Signals, and stopping with patience. */
import { frame } from '../runtime/supervisor-protocol.ts';
import type { Context } from './context.ts';
import type { Restarts } from './restarts.ts';
import { signalNumber } from './signals.ts';
import { isLive, requireState } from './state.ts';
import type { ContainerRecord } from './store.ts';

const stopTimeoutSecondsDefault = 10;
const sigkill = 9;

export interface StopOptions {
  /** Until SIGKILL; below 0: for ever; null: the container's own. */
  timeoutSeconds: number | null;
  signal: string | null;
}

export function createStop(context: Context, restarts: Restarts) {
  async function kill(reference: string, signalText: string): Promise<void> {
    const record = context.find(reference);
    const signal = signalNumber(signalText);
    requireState(record, 'kill');
    if (signal === sigkill) record.stoppedByUser = true;
    await send(record, signal);
    context.emit(record, 'kill', { signal: String(signal) });
  }

  async function send(record: ContainerRecord, signal: number): Promise<void> {
    const supervisor = await context.connect(record);
    try {
      // A frozen process takes no signal until it thaws.
      await supervisor.request(frame.signal, { signal, all: false });
      if (signal === sigkill && record.status === 'paused') await supervisor.request(frame.resume);
    } finally {
      supervisor.close();
    }
  }

  /** Ends it at once; resolves when it has ended. */
  async function forceEnd(record: ContainerRecord): Promise<void> {
    record.stoppedByUser = true;
    const gone = context.exits.wait(record.id);
    await send(record, sigkill).catch(() => undefined);
    if (isLive(record)) await gone;
  }

  async function stop(reference: string, options: StopOptions): Promise<void> {
    const record = context.find(reference);
    requireState(record, 'stop');
    record.stoppedByUser = true;
    if (record.status === 'restarting') {
      restarts.cancel(record.id);
      record.status = 'exited';
      context.store.save(record);
      return;
    }
    context.store.save(record);
    const configured = record.config.StopSignal === '' ? 'SIGTERM' : record.config.StopSignal;
    const signal = signalNumber(options.signal ?? configured);
    const seconds = options.timeoutSeconds ?? record.config.StopTimeout ?? stopTimeoutSecondsDefault;
    const gone = context.exits.wait(record.id);
    await send(record, signal).catch((error) => {
      if (isLive(record)) throw error;
    });
    if (record.status === 'paused') {
      await context.ask(record, frame.resume);
      record.status = 'running';
    }
    const stopped = seconds < 0 ? await gone : await within(gone, seconds * 1000);
    if (stopped === null && isLive(record)) await forceEnd(record);
    context.emit(record, 'stop');
  }

  return { kill, stop, forceEnd };
}

export type Stop = ReturnType<typeof createStop>;

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
