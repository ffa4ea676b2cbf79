/**
 * Reads a container's log (json-file lines written by its supervisor): the tail from the end without reading the whole,
 * then what is appended, without gaps, across rotation.
 */
import { watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

export interface LogEntry {
  stream: 'stdout' | 'stderr';
  text: string;
  /** RFC 3339 with nanoseconds. */
  time: string;
}

export interface LogOptions {
  /** Lines from the end, or everything. */
  tail: number | 'all';
  /** Unix seconds with fraction, 0: no bound. */
  since: number;
  until: number;
  follow: boolean;
}

const chunkBytes = 64 * 1024;
const lineBytesMax = 512 * 1024;

export async function* readLog(
  file: string,
  options: LogOptions,
  hasEnded: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  let handle = await open(file).catch(() => null);
  if (handle === null) return;
  try {
    let position = options.tail === 'all' ? 0 : await tailPosition(handle, options.tail);
    let rest = Buffer.alloc(0);
    const wake = options.follow ? watcher(file, signal) : null;
    while (!signal.aborted) {
      // Asked before reading: what an ended container wrote is complete by then.
      const ended = hasEnded();
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(chunkBytes), 0, chunkBytes, position);
      if (bytesRead > 0) {
        position += bytesRead;
        rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
        for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
          const entry = parseLine(rest.subarray(0, end));
          rest = rest.subarray(end + 1);
          if (entry === null) continue;
          const seconds = Date.parse(entry.time) / 1000;
          if (options.until > 0 && seconds > options.until) return;
          if (seconds >= options.since) yield entry;
        }
        if (rest.length > lineBytesMax) rest = Buffer.alloc(0);
        continue;
      }
      const next = await rotated(handle, file);
      if (next !== null) {
        await handle.close();
        handle = next;
        position = 0;
        continue;
      }
      if (wake === null || ended) return;
      await wake.wait();
    }
  } finally {
    await handle.close();
  }
}

/** Where the last `lines` lines begin, found backwards. */
async function tailPosition(handle: FileHandle, lines: number): Promise<number> {
  const { size } = await handle.stat();
  if (lines === 0) return size;
  let found = -1;
  for (let end = size; end > 0; ) {
    const begin = Math.max(0, end - chunkBytes);
    const { buffer } = await handle.read(Buffer.alloc(end - begin), 0, end - begin, begin);
    for (let at = buffer.length - 1; at >= 0; at--) {
      if (buffer[at] === 10 && ++found === lines) return begin + at + 1;
    }
    end = begin;
  }
  return 0;
}

async function rotated(handle: FileHandle, file: string): Promise<FileHandle | null> {
  const [ours, current] = await Promise.all([handle.stat(), stat(file).catch(() => null)]);
  return current !== null && current.ino !== ours.ino ? open(file) : null;
}

function watcher(file: string, signal: AbortSignal): { wait(): Promise<void> } {
  let wakeUp: (() => void) | null = null;
  let changed = false;
  const notify = () => {
    changed = true;
    wakeUp?.();
  };
  const watching = watch(file, notify);
  watching.on('error', notify);
  signal.addEventListener('abort', () => {
    watching.close();
    notify();
  });
  return {
    // The timer sees what no write announces: the end of the container, a rotated file.
    wait: () =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          wakeUp = null;
          changed = false;
          resolve();
        };
        const timer = setTimeout(done, 100);
        wakeUp = done;
        if (changed) done();
      }),
  };
}

function parseLine(line: Buffer): LogEntry | null {
  try {
    const { log, stream, time } = JSON.parse(line.toString()) as Record<string, unknown>;
    if (typeof log !== 'string' || typeof time !== 'string') return null;
    return { stream: stream === 'stderr' ? 'stderr' : 'stdout', text: log, time };
  } catch {
    return null;
  }
}
