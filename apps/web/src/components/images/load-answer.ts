import type { ActionResult } from '@/server/views.ts';

/** The engine answers with JSON lines; the last word counts, and an error may come after a 200 because the head was already sent. */
export function readLoadAnswer(status: number, text: string): ActionResult<string> {
  const said: string[] = [];
  for (const line of text.split('\n')) {
    const value = readLine(line);
    const failure = value.error ?? value.errorDetail?.message ?? (status >= 400 ? value.message : undefined);
    if (failure) return { ok: false, kind: 'system', message: failure };
    if (value.stream?.trim()) said.push(value.stream.trim());
  }
  if (status >= 400) return { ok: false, kind: 'system', message: `HTTP ${status}` };
  return { ok: true, value: said.at(-1) ?? '' };
}

interface LoadLine {
  stream?: string;
  error?: string;
  message?: string;
  errorDetail?: { message?: string };
}

function readLine(line: string): LoadLine {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
