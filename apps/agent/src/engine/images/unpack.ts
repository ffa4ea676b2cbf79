/** A layer's bytes on their way into a directory, through a pipe to the native side: bounded memory, hashed on both sides. */
import { utimesSync } from 'node:fs';
import { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { closeFd, type IngestedLayer, ingestLayer, openPipe, openRoot } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { broken } from './archive.ts';
import { createSource } from './layer-source.ts';
import type { WantedLayer } from './layers.ts';

const limits = { bytesMax: 64 * 1024 ** 3, entriesMax: 5_000_000, ratioMax: 2000, blobBytesMax: 64 * 1024 ** 3 };

/** A blob's file, and how much of it is there already. */
export interface PartialBlob {
  file: string;
  fd: number;
  offset: number;
}

/**
 * Applies a layer to an empty directory and keeps its blob in `partial`, if there is one; checked against what was
 * wanted. @throws invalid-parameter, unavailable, cancelled, system (no space); what `open` throws
 */
export async function unpack(
  wanted: Pick<WantedLayer, 'diffId' | 'blob' | 'open' | 'onProgress' | 'signal'>,
  directory: string,
  partial: PartialBlob | null,
): Promise<IngestedLayer> {
  // What the archive does not say of its root is not the time of now: the same layer is the same tree every time.
  utimesSync(directory, 0, 0);
  const ended = new AbortController();
  const kept = partial === null ? null : { file: partial.file, bytes: partial.offset };
  const source = createSource(wanted, kept, AbortSignal.any([wanted.signal, ended.signal]));
  const root = openRoot(directory);
  const [readEnd, writeEnd] = openPipe();
  const ingesting = ingestLayer(readEnd, root, {
    blob: partial,
    compress: wanted.blob === null,
    limits: { ...limits, blobBytesMax: wanted.blob?.sizeBytes ?? limits.blobBytesMax },
  }).finally(() => {
    closeFd(readEnd);
    closeFd(root);
    ended.abort();
  });
  const [sent, ingested] = await Promise.allSettled([
    pipeline(source.bytes(), new Socket({ fd: writeEnd, readable: false, writable: true })),
    ingesting,
  ]);
  if (wanted.signal.aborted) throw new EngineError('cancelled', 'the request was cancelled');
  if (ingested.status === 'rejected' && isFull(ingested.reason)) throw full(ingested.reason);
  if (source.failure !== null) throw source.failure;
  if (ingested.status === 'rejected') throw refused(ingested.reason);
  if (sent.status === 'rejected') throw refused(sent.reason);
  const reason = mismatch(wanted, ingested.value);
  if (reason !== null) throw broken(reason);
  return ingested.value;
}

function mismatch({ blob, diffId }: Pick<WantedLayer, 'diffId' | 'blob'>, done: IngestedLayer): string | null {
  if (blob !== null && done.blobBytes !== blob.sizeBytes)
    return `a layer has ${done.blobBytes} bytes and should have ${blob.sizeBytes}`;
  if (blob !== null && done.blobDigest !== blob.digest)
    return `a layer's blob is ${done.blobDigest} and should be ${blob.digest}`;
  if (diffId !== null && done.diffId !== diffId)
    return `a layer's content is ${done.diffId}, its config says ${diffId}`;
  return null;
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

const full = (cause: unknown) =>
  new EngineError('system', 'a layer cannot be stored: no space left on device', { cause });

function refused(cause: unknown): EngineError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new EngineError('invalid-parameter', `a layer cannot be applied: ${message}`, { cause });
}
