/** The engine's answer as a browser may have it: bytes to keep, never a page to show. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { contentDisposition } from './content-disposition.ts';

export interface Download {
  body: ReadableStream;
  headers: Record<string, string>;
}

export function download(answer: IncomingMessage, name: string): Download {
  const { 'content-length': length, etag } = answer.headers;
  return {
    body: Readable.toWeb(answer) as ReadableStream,
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': contentDisposition(name),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      ...(length !== undefined && { 'content-length': length }),
      ...(etag !== undefined && { etag }),
    },
  };
}

export function downloadAnswer({ body, headers }: Download): Response {
  // The web's and Node's declarations of the same class.
  return new Response(body as unknown as BodyInit, { headers });
}
