/**
 * A blob as a stream that goes on where a connection broke: Range is asked for, what the registry repeats is left out,
 * and not one byte more than the manifest says is passed on.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { paced, refuseEncoding } from './body.ts';
import { pause, pauseAfter } from './client.ts';
import { RegistryFailure } from './failure.ts';
import type { RegistryLimits } from './limits.ts';

export interface BlobRequest {
  digest: string;
  sizeBytes: number;
  offset: number;
  signal: AbortSignal;
  onRetry?: ((seconds: number) => void) | undefined;
}

/** The blob from an offset on, for one connection. */
export type Fetch = (headers: Record<string, string>, signal: AbortSignal) => Promise<IncomingMessage>;

/** A connection that brought this much counts as a good one. */
const progressBytes = 1024 ** 2;

/** @throws what the first answer says; later failures end the stream */
export async function openBlob(asked: BlobRequest, fetch: Fetch, limits: Readonly<RegistryLimits>): Promise<Readable> {
  if (asked.offset >= asked.sizeBytes) return Readable.from([], { objectMode: false });
  const gone = new AbortController();
  const signal = AbortSignal.any([asked.signal, gone.signal]);
  const first = await ask(asked, asked.offset, fetch, signal);
  const chunks = resumed(asked, first, fetch, signal, limits);
  const stream = new Readable({
    highWaterMark: 256 * 1024,
    read() {
      chunks.next().then(
        ({ done, value }) => stream.push(done === true ? null : value),
        (error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
    destroy(error, done) {
      // A generator that waits for the network is not ended by return(): the connection has to go.
      gone.abort();
      done(error);
    },
  });
  return stream;
}

async function* resumed(
  asked: BlobRequest,
  first: Part,
  fetch: Fetch,
  signal: AbortSignal,
  limits: Readonly<RegistryLimits>,
): AsyncGenerator<Buffer> {
  let at = asked.offset;
  let part = first;
  for (let tries = 1; ; tries++) {
    const began = at;
    try {
      for await (const chunk of paced(part.answer, limits)) {
        const fresh = chunk.subarray(Math.min(part.skip, chunk.length));
        part.skip -= chunk.length - fresh.length;
        at += fresh.length;
        if (at > asked.sizeBytes) throw tooLong(asked);
        if (fresh.length > 0) yield fresh;
      }
      if (at === asked.sizeBytes) return;
      throw new RegistryFailure('unavailable', `blob ${asked.digest} ended after ${at} of ${asked.sizeBytes} bytes`, {
        isTransient: true,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      // What Node says of a connection that broke in a body has no name of ours yet.
      const failure = error instanceof RegistryFailure ? error : broken(asked, error);
      if (at - began >= progressBytes) tries = 1;
      const pauseMs = pauseAfter(failure, tries, limits);
      if (pauseMs === null) throw failure;
      asked.onRetry?.(Math.ceil(pauseMs / 1000));
      await pause(pauseMs, signal);
      part = await ask(asked, at, fetch, signal);
    }
  }
}

interface Part {
  answer: IncomingMessage;
  /** Bytes that are here already and come again. */
  skip: number;
}

async function ask(asked: BlobRequest, offset: number, fetch: Fetch, signal: AbortSignal): Promise<Part> {
  const answer = await fetch(offset === 0 ? {} : { Range: `bytes=${offset}-` }, signal);
  const refuse = (error: RegistryFailure) => {
    answer.on('error', () => undefined).destroy();
    return error;
  };
  refuseEncoding(answer);
  const length = answer.headers['content-length'];
  if (answer.statusCode !== 206) {
    if (length !== undefined && Number(length) !== asked.sizeBytes) throw refuse(wrongSize(asked, length));
    return { answer, skip: offset };
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(answer.headers['content-range'] ?? '');
  const [, start, end, total = '*'] = range ?? [];
  if (start === undefined || Number(start) !== offset || Number(end) >= asked.sizeBytes) {
    const message = `blob ${asked.digest}: the registry answered with another range than asked for`;
    throw refuse(new RegistryFailure('system', message));
  }
  if (total !== '*' && Number(total) !== asked.sizeBytes) throw refuse(wrongSize(asked, total));
  return { answer, skip: 0 };
}

const tooLong = ({ digest, sizeBytes }: BlobRequest) =>
  new RegistryFailure('data-loss', `blob ${digest} is longer than the ${sizeBytes} bytes that its manifest says`);

const wrongSize = ({ digest, sizeBytes }: BlobRequest, found: string) =>
  new RegistryFailure('data-loss', `blob ${digest} has ${found} bytes, its manifest says ${sizeBytes}`);

function broken({ digest }: BlobRequest, cause: unknown): RegistryFailure {
  const what = cause instanceof Error ? cause.message : String(cause);
  return new RegistryFailure('unavailable', `blob ${digest}: the connection broke: ${what}`, {
    isTransient: true,
    cause,
  });
}
