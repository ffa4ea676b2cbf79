import type { StartedJob } from '@/components/images/image-types.ts';
import type { UploadProgress } from '@/components/images/load-image.ts';
import type { BuildOrder } from './build-draft.ts';

interface SendContext {
  hostId: string;
  file: File;
  order: BuildOrder;
  signal: AbortSignal;
  onProgress: (progress: UploadProgress) => void;
}

/** XMLHttpRequest, because fetch tells nothing of how much has been sent. An empty message: the connection was lost. */
export function sendContext({ hostId, file, order, signal, onProgress }: SendContext): Promise<StartedJob> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const query = new URLSearchParams({ build: JSON.stringify(order) });
    request.open('POST', `/api/hosts/${hostId}/images/build?${query}`);
    request.setRequestHeader('content-type', 'application/x-tar');
    request.upload.onprogress = ({ loaded, total }) =>
      onProgress({ sentBytes: loaded, totalBytes: total || file.size });
    request.onload = () => resolve(readStarted(request.status, request.responseText));
    request.onerror = () => resolve({ ok: false, kind: 'unavailable', message: '' });
    request.onabort = () => resolve({ ok: false, kind: 'cancelled', message: '' });
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

function readStarted(status: number, text: string): StartedJob {
  try {
    const value: StartedJob | { message: string } = JSON.parse(text);
    if ('ok' in value) return value;
    return { ok: false, kind: 'system', message: value.message };
  } catch {
    return { ok: false, kind: 'system', message: `HTTP ${status}` };
  }
}
