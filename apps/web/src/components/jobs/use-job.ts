'use client';
import { useEffect, useState } from 'react';
import { createLineReader } from '@/components/containers/log-lines.ts';
import type { JobItem, JobProgress, JobView } from '@/server/views.ts';

export interface WatchedJob {
  job: JobView | null;
  items: JobItem[];
  lines: string[];
  /** It cannot be watched: it is not remembered any more. */
  isGone: boolean;
}

const nothing: WatchedJob = { job: null, items: [], lines: [], isGone: false };
const linesMax = 5_000;
const retryMs = 2_000;

/** Watches work on the server; a broken connection is made anew, and everything comes again. */
export function useJob(jobId: string | null): WatchedJob {
  const [state, setState] = useState(nothing);
  useEffect(() => {
    setState(nothing);
    if (jobId === null) return;
    const abort = new AbortController();
    watch(jobId, abort.signal, (change) => {
      if (!abort.signal.aborted) setState(change);
    });
    return () => abort.abort();
  }, [jobId]);
  return state;
}

async function watch(
  jobId: string,
  signal: AbortSignal,
  change: (next: (kept: WatchedJob) => WatchedJob) => void,
): Promise<void> {
  let ended = false;
  while (!ended && !signal.aborted) {
    let isFirst = true;
    try {
      const response = await fetch(`/api/jobs/${jobId}`, { signal, cache: 'no-store' });
      if (response.status === 404) return change((kept) => ({ ...kept, isGone: true }));
      if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
      await readLines(response.body, (value) => {
        if (!isProgress(value)) return;
        const isAfresh = isFirst;
        isFirst = false;
        ended = value.job.state !== 'running';
        change((kept) => merge(isAfresh ? nothing : kept, value));
      });
    } catch {
      // The dashboard or the way to it is gone for now.
    }
    if (!ended && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

export function merge(kept: WatchedJob, { job, items, lines }: JobProgress): WatchedJob {
  const changed = new Map(items.map((item) => [item.id, item]));
  const known = kept.items.map((item) => changed.get(item.id) ?? item);
  const ids = new Set(kept.items.map(({ id }) => id));
  return {
    job,
    items: [...known, ...items.filter(({ id }) => !ids.has(id))],
    lines: lines.length > 0 ? [...kept.lines, ...lines].slice(-linesMax) : kept.lines,
    isGone: false,
  };
}

async function readLines(body: ReadableStream<Uint8Array>, onLine: (value: unknown) => void): Promise<void> {
  const read = createLineReader(onLine);
  const decoder = new TextDecoder();
  for (let reader = body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return read('\n');
    read(decoder.decode(value, { stream: true }));
  }
}

/** Our own server's line; a line cut off by a broken connection is none. */
function isProgress(value: unknown): value is JobProgress {
  return typeof value === 'object' && value !== null && 'job' in value && 'items' in value && 'lines' in value;
}
