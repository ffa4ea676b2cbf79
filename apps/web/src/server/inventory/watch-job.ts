import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { server } from '../context.ts';

/** The job's progress as JSON lines, from its beginning, until it ends or the browser leaves; null when there is none. */
export function watchJob(id: string, signal: AbortSignal): ReadableStream | null {
  const { jobs } = server();
  if (!jobs.get(id)) return null;
  return Readable.toWeb(Readable.from(lines(jobs.watch(id, signal)))) as ReadableStream;
}

async function* lines(progress: AsyncIterable<object>): AsyncGenerator<Buffer> {
  for await (const each of progress) yield Buffer.from(`${JSON.stringify(each)}\n`);
}
