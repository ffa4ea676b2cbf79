'use client';
import { useCallback, useEffect, useState } from 'react';
import { type FileSpaceView, spaceUrl } from './file-space.ts';
import { decodeText, textBytesMax } from './file-text.ts';
import { ask } from './request.ts';

export type OpenFile =
  | { step: 'loading' }
  | { step: 'text'; text: string; etag: string | null }
  | { step: 'binary' | 'large'; bytes: number }
  | { step: 'failed'; kind: string; message: string };

/** A file as text, when it is text and small enough to be one on a page. */
export function useFile(space: FileSpaceView, path: string) {
  const { kind, hostId, id, name } = space;
  const [file, setFile] = useState<OpenFile>({ step: 'loading' });
  const read = useCallback(
    async (signal: AbortSignal) => {
      setFile({ step: 'loading' });
      const next = await readFile({ kind, hostId, id, name }, path, signal);
      if (!signal.aborted) setFile(next);
    },
    [kind, hostId, id, name, path],
  );
  useEffect(() => {
    const abort = new AbortController();
    read(abort.signal);
    return () => abort.abort();
  }, [read]);
  return { file, setFile, reload: () => read(new AbortController().signal) };
}

async function readFile(space: FileSpaceView, path: string, signal: AbortSignal): Promise<OpenFile> {
  const enough = new AbortController();
  const url = spaceUrl(space, 'file', { path, view: '1' });
  const answer = await ask(url, { signal: AbortSignal.any([signal, enough.signal]) });
  if (!answer.ok) return { step: 'failed', kind: answer.kind, message: answer.message };
  const { headers, body } = answer.value;
  const announced = Number(headers.get('content-length') ?? 0);
  if (announced > textBytesMax) {
    enough.abort();
    return { step: 'large', bytes: announced };
  }
  try {
    const bytes = await readUpTo(body, textBytesMax);
    // It may have grown since its length was told.
    if (bytes === null) {
      enough.abort();
      return { step: 'large', bytes: announced };
    }
    const text = decodeText(bytes);
    if (text === null) return { step: 'binary', bytes: bytes.length };
    return { step: 'text', text, etag: headers.get('etag') };
  } catch {
    return { step: 'failed', kind: 'unavailable', message: '' };
  }
}

async function readUpTo(body: ReadableStream<Uint8Array> | null, bytesMax: number): Promise<Uint8Array | null> {
  if (!body) return new Uint8Array();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > bytesMax) return null;
    chunks.push(new Uint8Array(next.value));
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
