'use client';
import { useEffect, useRef, useState } from 'react';
import { type FileSpaceView, spaceUrl } from '@/components/files/file-space.ts';
import { sendBody } from '@/components/files/send-body.ts';

export type Restore =
  | { step: 'idle' }
  | { step: 'sending'; fileName: string; sentBytes: number; totalBytes: number }
  | { step: 'done'; fileName: string }
  | { step: 'failed'; fileName: string; message: string };

export interface RestoreOptions {
  /** What is in the volume goes. */
  replace: boolean;
  /** Although containers are working with it. */
  force: boolean;
}

/** Sends an archive into a volume; leaving the page breaks it off. */
export function useRestore(space: FileSpaceView, onRestored: () => void) {
  const [restore, setRestore] = useState<Restore>({ step: 'idle' });
  const abort = useRef<AbortController>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const isSending = restore.step === 'sending';
  useEffect(() => {
    if (!isSending) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isSending]);

  const start = async (file: File, { replace, force }: RestoreOptions) => {
    abort.current = new AbortController();
    setRestore({ step: 'sending', fileName: file.name, sentBytes: 0, totalBytes: file.size });
    const result = await sendBody({
      url: spaceUrl(space, 'archive', { replace: replace ? '1' : '0', force: force ? '1' : '0' }),
      file,
      signal: abort.current.signal,
      onProgress: (sentBytes) => setRestore((kept) => (kept.step === 'sending' ? { ...kept, sentBytes } : kept)),
    });
    if (result.ok) setRestore({ step: 'done', fileName: file.name });
    else if (result.kind === 'cancelled') setRestore({ step: 'idle' });
    else setRestore({ step: 'failed', fileName: file.name, message: result.message });
    onRestored();
  };
  return { restore, start, cancel: () => abort.current?.abort() };
}
