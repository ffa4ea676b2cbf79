/** The JSON stream of the engine's long work (pull, push, build): layers to the job's items, words to its lines. */
import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import type { Job } from './jobs.ts';

const lineBytesMax = 1024 * 1024;

const message = z.object({
  id: z.string().optional(),
  status: z.string().optional(),
  stream: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).nullish(),
  aux: z.record(z.string(), z.unknown()).nullish(),
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).nullish(),
});

export interface EngineOutcome {
  /** Status lines that belong to no layer, as `Digest: sha256:…`. */
  statuses: string[];
  aux: Record<string, unknown>[];
}

type Watcher = Pick<Job, 'item' | 'say' | 'signal'>;

/** Reads to the end. @throws EngineError with the engine's words when the stream tells of a failure, or breaks */
export async function followEngine(answer: AsyncIterable<Buffer>, job: Watcher): Promise<EngineOutcome> {
  const outcome: EngineOutcome = { statuses: [], aux: [] };
  const say = createTeller(job);
  try {
    for await (const line of linesOf(answer)) readLine(line, { job, say, outcome });
  } catch (error) {
    if (job.signal.aborted) throw new EngineError('cancelled', 'Cancelled.');
    if (error instanceof EngineError) throw error;
    throw new EngineError('unavailable', 'The connection with the host broke.', { cause: error });
  } finally {
    say.flush();
  }
  return outcome;
}

function readLine(line: string, { job, say, outcome }: { job: Watcher; say: Teller; outcome: EngineOutcome }): void {
  const parsed = message.safeParse(toJson(line));
  if (!parsed.success) return;
  const { id, status, stream, progressDetail, aux, error, errorDetail } = parsed.data;
  const failure = errorDetail?.message ?? error;
  if (failure !== undefined) throw new EngineError('system', failure);
  if (aux) outcome.aux.push(aux);
  if (stream !== undefined) say.stream(stream);
  if (status === undefined) return;
  // A tag is no layer: `1.36: Pulling from library/busybox` is told as a line.
  if (id !== undefined && !/^(Pulling from|.*: digest: )/.test(status)) {
    const { current = 0, total = 0 } = progressDetail ?? {};
    return job.item({ id, status, currentBytes: current, totalBytes: total });
  }
  outcome.statuses.push(status);
  say.stream(`${id === undefined ? '' : `${id}: `}${status}\n`);
}

interface Teller {
  stream(text: string): void;
  flush(): void;
}

/** The stream comes in pieces of lines; a line is said when it is whole. */
function createTeller(job: Pick<Job, 'say'>): Teller {
  let rest = '';
  return {
    stream(text) {
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(-lineBytesMax);
      // Of what a program overwrites with a carriage return, its last word counts.
      for (const line of lines) job.say(line.replace(/\r$/, '').replace(/^.*\r/, ''));
    },
    flush() {
      if (rest) job.say(rest);
      rest = '';
    },
  };
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineBytesMax) throw new EngineError('too-large', 'The host sent a line that is too long.');
    yield* lines;
  }
  if (rest) yield rest;
}

function toJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
