/** The bytes of a layer's blob: those kept of an earlier try, then those that are still to come. */
import { createReadStream } from 'node:fs';
import { EngineError } from '@berth/shared/errors';
import { notePassed } from '../passed-buffers.ts';
import type { WantedLayer } from './layers.ts';

/** `stop`: nobody reads on. A failure of the source is kept in `failure`: it comes before what its end looks like. */
export function createSource(
  wanted: Pick<WantedLayer, 'blob' | 'open' | 'onProgress'>,
  kept: { file: string; bytes: number } | null,
  stop: AbortSignal,
) {
  const state: { failure: Error | null } = { failure: null };
  let count = 0;

  async function* bytes(): AsyncGenerator<Buffer> {
    try {
      if (kept !== null && kept.bytes > 0) {
        for await (const chunk of createReadStream(kept.file, { end: kept.bytes - 1 })) {
          count += chunk.length;
          yield chunk;
        }
      }
      if (wanted.blob === null || count < wanted.blob.sizeBytes) yield* rest();
      wanted.onProgress?.('extracting');
    } catch (error) {
      if (!stop.aborted) state.failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  async function* rest(): AsyncGenerator<Buffer> {
    const stream = await wanted.open(count, stop);
    const end = () => void stream.destroy();
    stop.addEventListener('abort', end, { once: true });
    try {
      for await (const chunk of stream) {
        count += chunk.length;
        wanted.onProgress?.({ downloadedBytes: count });
        yield chunk;
        notePassed(chunk.length);
      }
    } finally {
      stop.removeEventListener('abort', end);
      stream.destroy();
    }
    if (wanted.blob !== null && count < wanted.blob.sizeBytes)
      throw new EngineError('unavailable', `a layer ended after ${count} of ${wanted.blob.sizeBytes} bytes`);
  }

  return Object.assign(state, { bytes });
}
