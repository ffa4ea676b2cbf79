import type { Readable } from 'node:stream';
import { EngineError } from '@berth/shared/errors';
import { server } from '../context.ts';
import { auditedOrThrow } from '../inventory/audited.ts';
import type { UserView } from '../views.ts';
import { bounded } from './bounded.ts';
import { auditSubject, type FileSpace } from './space.ts';

export const archiveBytesMax = 1024 ** 4;

/** Unpacks a tar into a volume that is empty or, with `replace`, is emptied first. @throws EngineError */
export async function restoreVolume(
  user: UserView,
  space: FileSpace,
  {
    body,
    bytes,
    replace,
    signal,
  }: { body: Readable; bytes: number | undefined; replace: boolean; signal: AbortSignal },
): Promise<void> {
  await auditedOrThrow(user, auditSubject(space, 'restore-volume'), async () => {
    if (space.kind !== 'volumes') throw new EngineError('invalid-parameter', 'Only volumes are restored.');
    const answer = await server().agents.request(space.hostId, {
      method: 'PUT',
      path: `${space.base}/archive`,
      query: { replace },
      stream: bounded({ body, bytes, bytesMax: archiveBytesMax, contentType: 'application/x-tar' }),
      signal,
    });
    answer.resume();
  });
}
