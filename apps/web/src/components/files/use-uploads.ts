'use client';
import { useEffect, useReducer, useRef } from 'react';
import { joinPath } from '@/format/file-path.ts';
import { type FileSpaceView, spaceUrl } from './file-space.ts';
import { sendBody } from './send-body.ts';

export interface Upload {
  id: number;
  name: string;
  directory: string;
  sentBytes: number;
  totalBytes: number;
  state: 'waiting' | 'sending' | 'done' | 'failed' | 'cancelled';
  message: string;
}

type Change =
  | { type: 'add'; uploads: Upload[] }
  | { type: 'change'; id: number; part: Partial<Upload> }
  | { type: 'clear' };

function reduce(uploads: Upload[], change: Change): Upload[] {
  if (change.type === 'add') return [...uploads, ...change.uploads];
  if (change.type === 'clear') return uploads.filter(isUnderWay);
  return uploads.map((upload) => (upload.id === change.id ? { ...upload, ...change.part } : upload));
}

export function isUnderWay({ state }: Pick<Upload, 'state'>): boolean {
  return state === 'waiting' || state === 'sending';
}

const atOnce = 2;

interface Waiting {
  id: number;
  directory: string;
  file: File;
  replace: boolean;
}

/** A host takes no larger one this way. */
const fileBytesMax = 1024 ** 3;

/** A queue of files on their way into a directory; a few at a time, each with its own progress and end. */
export function useUploads(space: FileSpaceView, { onIdle, tooLarge }: { onIdle: () => void; tooLarge: string }) {
  const [uploads, dispatch] = useReducer(reduce, []);
  const waiting = useRef<Waiting[]>([]);
  const sending = useRef(new Map<number, AbortController>());
  const nextId = useRef(1);
  const latest = useRef(onIdle);
  useEffect(() => {
    latest.current = onIdle;
  });
  useEffect(() => {
    const under = sending.current;
    return () => {
      waiting.current = [];
      for (const abort of under.values()) abort.abort();
    };
  }, []);

  const work = async (): Promise<void> => {
    for (let next = waiting.current.shift(); next; next = waiting.current.shift()) {
      const { id, directory, file, replace } = next;
      const abort = new AbortController();
      sending.current.set(id, abort);
      dispatch({ type: 'change', id, part: { state: 'sending' } });
      const result = await sendBody({
        url: spaceUrl(space, 'file', { path: joinPath(directory, file.name) }),
        file,
        // Without having been asked, nothing that is there is replaced.
        headers: replace ? {} : { 'if-none-match': '*' },
        signal: abort.signal,
        onProgress: (sentBytes) => dispatch({ type: 'change', id, part: { sentBytes } }),
      });
      sending.current.delete(id);
      const part: Partial<Upload> = result.ok
        ? { state: 'done', sentBytes: file.size }
        : { state: result.kind === 'cancelled' ? 'cancelled' : 'failed', message: result.message };
      dispatch({ type: 'change', id, part });
    }
  };

  const add = async (directory: string, files: File[], replaced: ReadonlySet<string>) => {
    const added = files.map((file) => ({ id: nextId.current++, directory, file, replace: replaced.has(file.name) }));
    dispatch({
      type: 'add',
      uploads: added.map(({ id, file }) => ({
        id,
        name: file.name,
        directory,
        sentBytes: 0,
        totalBytes: file.size,
        ...(file.size > fileBytesMax ? { state: 'failed', message: tooLarge } : { state: 'waiting', message: '' }),
      })),
    });
    waiting.current.push(...added.filter(({ file }) => file.size <= fileBytesMax));
    await Promise.all(Array.from({ length: Math.max(0, atOnce - sending.current.size) }, work));
    if (sending.current.size === 0 && waiting.current.length === 0) latest.current();
  };
  const cancel = (id: number) => {
    waiting.current = waiting.current.filter((entry) => entry.id !== id);
    const abort = sending.current.get(id);
    if (abort) abort.abort();
    else dispatch({ type: 'change', id, part: { state: 'cancelled' } });
  };
  return { uploads, add, cancel, clear: () => dispatch({ type: 'clear' }) };
}
