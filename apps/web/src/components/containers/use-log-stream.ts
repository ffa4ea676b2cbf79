'use client';
import { useEffect, useState } from 'react';
import { appendLines, createLineReader, type LogLine } from './log-lines.ts';

export type LogStatus = 'loading' | 'open' | 'ended' | 'failed';

interface LogState {
  lines: LogLine[];
  status: LogStatus;
  message: string;
}

const empty: LogState = { lines: [], status: 'loading', message: '' };

/** Follows the log; `epoch` starts over. Lines are gathered for a frame, so that a chatty program does not render per line. */
export function useLogStream(url: string, epoch: number): LogState {
  const [state, setState] = useState(empty);
  // A new epoch reads again from the start.
  useEffect(() => {
    const abort = new AbortController();
    const waiting: LogLine[] = [];
    let frame = 0;
    let id = 0;
    setState(empty);
    const flush = () => {
      frame = 0;
      const incoming = waiting.splice(0);
      if (!abort.signal.aborted)
        setState((kept) => ({
          ...kept,
          status: kept.status === 'loading' ? 'open' : kept.status,
          lines: appendLines(kept.lines, incoming),
        }));
    };
    const onLine = (value: unknown) => {
      waiting.push(toLine(value, id++));
      frame ||= requestAnimationFrame(flush);
    };
    follow(url, abort.signal, onLine, () => setState((kept) => ({ ...kept, status: 'open' })))
      .then(() => {
        flush();
        if (!abort.signal.aborted) setState((kept) => ({ ...kept, status: 'ended' }));
      })
      .catch((error: unknown) => {
        flush();
        if (abort.signal.aborted) return;
        setState((kept) => ({ ...kept, status: 'failed', message: error instanceof Error ? error.message : '' }));
      });
    return () => {
      abort.abort();
      cancelAnimationFrame(frame);
    };
  }, [url, epoch]);
  return state;
}

async function follow(
  url: string,
  signal: AbortSignal,
  onLine: (value: unknown) => void,
  onOpen: () => void,
): Promise<void> {
  const response = await fetch(url, { signal, cache: 'no-store' });
  if (!response.ok || !response.body) throw new Error(await failureText(response));
  onOpen();
  const read = createLineReader(onLine);
  const decoder = new TextDecoder();
  for (let reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return read('\n');
    read(decoder.decode(value, { stream: true }));
  }
}

async function failureText(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { message } = JSON.parse(text);
    if (typeof message === 'string') return message;
  } catch {
    // Not JSON: the status alone has to do.
  }
  return `HTTP ${response.status}`;
}

function toLine(value: unknown, id: number): LogLine {
  const entry: { stream?: unknown; time?: unknown; text?: unknown } =
    typeof value === 'object' && value !== null ? value : {};
  return {
    id,
    stream: entry.stream === 'stderr' ? 'stderr' : 'stdout',
    time: typeof entry.time === 'string' ? entry.time : '',
    text: typeof entry.text === 'string' ? entry.text.replace(/\r?\n$/, '') : '',
  };
}
