import type { ActionResult } from '@/server/views.ts';
import { failure } from './request.ts';

interface SendBody {
  url: string;
  file: Blob;
  headers?: Record<string, string>;
  signal: AbortSignal;
  onProgress: (sentBytes: number) => void;
}

/** XMLHttpRequest, because fetch tells nothing of how much has been sent. */
export function sendBody({ url, file, headers = {}, signal, onProgress }: SendBody): Promise<ActionResult> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    // A type of the file's own would only be believed by somebody.
    request.setRequestHeader('content-type', 'application/octet-stream');
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onload = () =>
      resolve(request.status < 400 ? { ok: true, value: null } : failure(request.status, request.responseText));
    request.onerror = () => resolve({ ok: false, kind: 'unavailable', message: '' });
    request.onabort = () => resolve({ ok: false, kind: 'cancelled', message: '' });
    if (signal.aborted) return resolve({ ok: false, kind: 'cancelled', message: '' });
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}
