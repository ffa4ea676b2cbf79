import type { Readable } from 'node:stream';
import { server } from '../context.ts';
import { auditedOrThrow } from '../inventory/audited.ts';
import type { UserView } from '../views.ts';
import { bounded } from './bounded.ts';
import { auditSubject, type FileSpace } from './space.ts';

/** A host takes no larger one this way. */
const fileBytesMax = 1024 ** 3;

interface WriteFile {
  path: string;
  body: Readable;
  bytes: number | undefined;
  /** The entity tag that the file must still have, or `*` with `ifNoneMatch` when it must be new. */
  conditions: { ifMatch: string | null; ifNoneMatch: string | null };
  signal: AbortSignal;
}

/** Streams a file to the host, which puts it in place when it is whole. @returns its entity tag @throws EngineError */
export async function writeFile(user: UserView, space: FileSpace, write: WriteFile): Promise<string | null> {
  const { path, body, bytes, conditions, signal } = write;
  return await auditedOrThrow(user, auditSubject(space, 'write-file', path), async () => {
    const answer = await server().agents.request(space.hostId, {
      method: 'PUT',
      path: `${space.base}/file`,
      query: { path },
      headers: {
        ...(conditions.ifMatch !== null && { 'if-match': conditions.ifMatch }),
        ...(conditions.ifNoneMatch !== null && { 'if-none-match': conditions.ifNoneMatch }),
      },
      stream: bounded({ body, bytes, bytesMax: fileBytesMax, contentType: 'application/octet-stream' }),
      signal,
    });
    answer.resume();
    return answer.headers.etag ?? null;
  });
}
