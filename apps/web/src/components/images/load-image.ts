import type { ActionResult } from '@/server/views.ts';
import { readLoadAnswer } from './load-answer.ts';

export interface UploadProgress {
  sentBytes: number;
  totalBytes: number;
}

interface LoadImage {
  url: string;
  file: File;
  signal: AbortSignal;
  onProgress: (progress: UploadProgress) => void;
}

/** XMLHttpRequest, because fetch tells nothing of how much has been sent. */
export function loadImage({ url, file, signal, onProgress }: LoadImage): Promise<ActionResult<string>> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('POST', url);
    request.setRequestHeader('content-type', 'application/x-tar');
    request.upload.onprogress = ({ loaded, total }) =>
      onProgress({ sentBytes: loaded, totalBytes: total || file.size });
    request.onload = () => resolve(readLoadAnswer(request.status, request.responseText));
    request.onerror = () => resolve({ ok: false, kind: 'unavailable', message: '' });
    request.onabort = () => resolve({ ok: false, kind: 'cancelled', message: '' });
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}
