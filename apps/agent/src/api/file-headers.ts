/** HTTP's words for a file: its version as an ETag, conditions, ranges; and a directory's entry as JSON. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FileEntry } from '../engine/files/list.ts';
import type { Expected } from '../engine/files/write.ts';

export const etag = (version: string) => `"${version}"`;

/** What a client says that it has seen (RFC 9110, 13.1). */
export function expectedOf(headers: IncomingHttpHeaders): Expected {
  const match = headers['if-match'];
  if (match?.trim() === '*') return { any: true };
  if (match !== undefined) {
    // A weak one never matches.
    const strong = [...match.matchAll(/(W\/)?"([^"]*)"/g)].filter(([, weak]) => weak === undefined);
    return { versions: strong.map(([, , version = '']) => version) };
  }
  if (headers['if-none-match']?.trim() === '*') return { none: true };
  const since = Date.parse(headers['if-unmodified-since'] ?? '');
  return Number.isNaN(since) ? null : { unmodifiedSinceMs: since };
}

/** One range; several, and what is no range, are answered with the whole. `If-Range` holds it to a version. */
export function byteRange(
  headers: IncomingHttpHeaders,
  file: { sizeBytes: number; version: string },
): { start: number; end: number } | 'unsatisfiable' | null {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.range ?? '') ?? [];
  const condition = headers['if-range'];
  if ((first === '' && last === '') || (condition !== undefined && condition !== etag(file.version))) return null;
  const start = first === '' ? Math.max(0, file.sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? file.sizeBytes - 1 : Math.min(Number(last), file.sizeBytes - 1);
  if (last !== '' && first !== '' && Number(last) < Number(first)) return null;
  return start > end ? 'unsatisfiable' : { start, end };
}

export function encodeEntry(entry: FileEntry): object {
  return {
    Name: entry.name,
    Size: entry.sizeBytes,
    Mode: entry.mode,
    Uid: entry.uid,
    Gid: entry.gid,
    ModTime: rfc3339(entry.mtimeNanos),
    Type: entry.type,
    LinkTarget: entry.linkTarget,
  };
}

function rfc3339(nanos: bigint): string {
  const second = 1_000_000_000n;
  const fraction = ((nanos % second) + second) % second;
  const seconds = (nanos - fraction) / second;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, -5)}.${String(fraction).padStart(9, '0')}Z`;
}
