/**
 * Long work on hosts: it is done here and not in a browser, so it goes on when a page is left, and whoever comes back
 * sees how far it is. Kept in memory, the finished ones for a while; the audit log has the rest.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActionResult, JobItem, JobKind, JobProgress, JobResult, JobView, RecreateStep } from '../views.ts';

const finishedMax = 50;
const runningMax = 64;
const itemsMax = 1024;
const linesMax = 5_000;
const lineCharactersMax = 4_096;
/** What happens within this time reaches a watcher in one message. */
const gatherMs = 150;
/** Silence this long is broken, so that both ends know that the other is there. */
const keepAliveMs = 15_000;

export interface JobSubject {
  kind: JobKind;
  hostId: string;
  title: string;
  userEmail: string;
}

/** What the work itself holds. */
export interface Job {
  readonly signal: AbortSignal;
  item(item: JobItem): void;
  say(text: string): void;
  step(step: RecreateStep): void;
}

export interface Jobs {
  /** @returns its id; null when too much is under way already */
  start(subject: JobSubject, work: (job: Job) => Promise<ActionResult<JobResult>>): string | null;
  list(): JobView[];
  get(id: string): JobView | null;
  cancel(id: string): void;
  /** Ends after the job's end, or with `signal`. */
  watch(id: string, signal: AbortSignal): AsyncGenerator<JobProgress>;
  /** Cancels all, and resolves when nothing is under way. */
  stop(): Promise<void>;
}

interface Entry {
  view: JobView;
  abort: AbortController;
  items: Map<string, JobItem & { revision: number }>;
  lines: string[];
  /** How many lines went when there were too many. */
  linesDropped: number;
  revision: number;
  wake: Set<() => void>;
  done: Promise<void>;
}

export function createJobs({ now, changed }: { now: () => number; changed: (hostId: string) => void }): Jobs {
  const entries = new Map<string, Entry>();
  const isRunning = (entry: Entry) => entry.view.state === 'running';

  const touch = (entry: Entry): number => {
    for (const wake of entry.wake) wake();
    return ++entry.revision;
  };
  const handleOf = (entry: Entry): Job => ({
    signal: entry.abort.signal,
    item(item) {
      if (entry.items.size >= itemsMax && !entry.items.has(item.id)) return;
      entry.items.set(item.id, { ...item, revision: touch(entry) });
    },
    say(text) {
      entry.lines.push(text.slice(0, lineCharactersMax));
      if (entry.lines.length > linesMax) entry.linesDropped += entry.lines.splice(0, linesMax / 10).length;
      touch(entry);
    },
    step(step) {
      entry.view = { ...entry.view, step };
      touch(entry);
    },
  });
  const finish = (entry: Entry, result: ActionResult<JobResult>): void => {
    const state = result.ok ? 'done' : entry.abort.signal.aborted ? 'cancelled' : 'failed';
    entry.view = {
      ...entry.view,
      state,
      endedAt: now(),
      message: result.ok || state === 'cancelled' ? '' : result.message,
      result: result.ok ? result.value : {},
    };
    touch(entry);
    const finished = [...entries.values()].filter((each) => !isRunning(each));
    for (const each of finished.slice(0, -finishedMax)) entries.delete(each.view.id);
    changed(entry.view.hostId);
  };

  return {
    start(subject, work) {
      if ([...entries.values()].filter(isRunning).length >= runningMax) return null;
      const id = randomUUID();
      const entry: Entry = {
        view: {
          ...subject,
          id,
          startedAt: now(),
          endedAt: null,
          state: 'running',
          message: '',
          step: null,
          result: {},
        },
        abort: new AbortController(),
        items: new Map(),
        lines: [],
        linesDropped: 0,
        revision: 0,
        wake: new Set(),
        done: Promise.resolve(),
      };
      entries.set(id, entry);
      entry.done = work(handleOf(entry)).then(
        (result) => finish(entry, result),
        (error: unknown) => {
          console.error(error);
          finish(entry, { ok: false, kind: 'system', message: 'Something went wrong in the dashboard.' });
        },
      );
      changed(subject.hostId);
      return id;
    },
    list: () => [...entries.values()].map(({ view }) => view).reverse(),
    get: (id) => entries.get(id)?.view ?? null,
    cancel: (id) => entries.get(id)?.abort.abort(),
    async *watch(id, signal) {
      const entry = entries.get(id);
      if (!entry) return;
      let seen = -1;
      let linesSeen = 0;
      while (!signal.aborted) {
        const items = [...entry.items.values()].filter(({ revision }) => revision > seen);
        const lines = entry.lines.slice(Math.max(0, linesSeen - entry.linesDropped));
        seen = entry.revision;
        linesSeen = entry.linesDropped + entry.lines.length;
        yield { job: entry.view, items: items.map(({ revision: _, ...item }) => item), lines };
        if (!isRunning(entry) && seen === entry.revision) return;
        await changeOf(entry, seen, signal);
        await sleep(gatherMs);
      }
    },
    async stop() {
      for (const entry of entries.values()) entry.abort.abort();
      await Promise.all([...entries.values()].map(({ done }) => done));
    },
  };
}

/** Resolves with the next change, the watcher's leaving, or when it is time to break the silence. */
function changeOf(entry: Entry, seen: number, signal: AbortSignal): Promise<void> {
  if (entry.revision > seen || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      entry.wake.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, keepAliveMs).unref();
    entry.wake.add(wake);
    signal.addEventListener('abort', wake);
  });
}
