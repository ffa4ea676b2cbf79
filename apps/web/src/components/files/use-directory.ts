'use client';
import type { FileList } from '@berth/shared/berth/files';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { ActionResult } from '@/server/views.ts';
import type { FileSpaceView } from './file-space.ts';
import { listFiles } from './request.ts';

interface Directory {
  path: string;
  result: ActionResult<FileList>;
}

/** The entries of a directory. While another one is read the last stays, so that the page does not flicker. */
export function useDirectory(space: FileSpaceView, path: string) {
  const { kind, hostId, id, name } = space;
  const [directory, setDirectory] = useState<Directory | null>(null);
  const [isLoading, setLoading] = useState(true);
  const reading = useRef<AbortController>(null);
  const reload = useCallback(async () => {
    reading.current?.abort();
    const abort = new AbortController();
    reading.current = abort;
    setLoading(true);
    const result = await listFiles({ kind, hostId, id, name }, path, abort.signal);
    if (abort.signal.aborted) return;
    setDirectory({ path, result });
    setLoading(false);
  }, [kind, hostId, id, name, path]);
  useEffect(() => {
    reload();
    return () => reading.current?.abort();
  }, [reload]);
  return { directory, isLoading, reload };
}
