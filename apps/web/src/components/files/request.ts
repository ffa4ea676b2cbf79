/** Requests to the dashboard's routes for files; what fails is a message for a person. */
import { type FileList, fileList } from '@berth/shared/berth/files';
import type { ActionResult } from '@/server/views.ts';
import { type FileSpaceView, spaceUrl } from './file-space.ts';

const kinds: Record<number, string> = {
  400: 'invalid-parameter',
  401: 'unauthorized',
  404: 'not-found',
  409: 'conflict',
  412: 'changed',
  413: 'too-large',
  503: 'unavailable',
};

export async function ask(url: string, init: RequestInit = {}): Promise<ActionResult<Response>> {
  try {
    const answer = await fetch(url, { cache: 'no-store', ...init });
    if (answer.ok) return { ok: true, value: answer };
    return failure(answer.status, await answer.text());
  } catch (error) {
    const isAbort = error instanceof Error && error.name === 'AbortError';
    return { ok: false, kind: isAbort ? 'cancelled' : 'unavailable', message: '' };
  }
}

export function failure(status: number, text: string): { ok: false; kind: string; message: string } {
  return { ok: false, kind: kinds[status] ?? 'system', message: messageOf(text) || `HTTP ${status}` };
}

export async function listFiles(
  space: FileSpaceView,
  path: string,
  signal: AbortSignal,
): Promise<ActionResult<FileList>> {
  const answer = await ask(spaceUrl(space, 'files', { path }), { signal });
  if (!answer.ok) return answer;
  const parsed = fileList.safeParse(await answer.value.json().catch(() => null));
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, kind: signal.aborted ? 'cancelled' : 'system', message: '' };
}

export async function removeFile(
  space: FileSpaceView,
  path: string,
  { recursive }: { recursive: boolean },
): Promise<ActionResult<Response>> {
  return await ask(spaceUrl(space, 'file', { path, recursive: recursive ? '1' : '0' }), { method: 'DELETE' });
}

export async function makeDirectory(space: FileSpaceView, path: string): Promise<ActionResult<Response>> {
  return await ask(spaceUrl(space, 'directory', { path }), { method: 'POST' });
}

/** `etag` is the one the file must still have; null: it must be new; undefined: whatever is there is replaced. */
export async function writeText(
  space: FileSpaceView,
  path: string,
  { text, etag }: { text: string; etag: string | null | undefined },
): Promise<ActionResult<{ etag: string | null }>> {
  const headers = etag === undefined ? {} : etag === null ? { 'if-none-match': '*' } : { 'if-match': etag };
  const answer = await ask(spaceUrl(space, 'file', { path }), {
    method: 'PUT',
    body: new TextEncoder().encode(text),
    headers: { 'content-type': 'application/octet-stream', ...headers },
  });
  return answer.ok ? { ok: true, value: { etag: answer.value.headers.get('etag') } } : answer;
}

function messageOf(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'message' in value ? String(value.message) : '';
  } catch {
    return '';
  }
}
