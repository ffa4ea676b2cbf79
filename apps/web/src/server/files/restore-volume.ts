import type { Readable } from 'node:stream';
import { EngineError } from '@berth/shared/errors';
import { server } from '../context.ts';
import { auditedOrThrow } from '../inventory/audited.ts';
import type { UserView } from '../views.ts';
import { bounded } from './bounded.ts';
import { auditSubject, type FileSpace } from './space.ts';

/** A host unpacks no larger one. */
const archiveBytesMax = 64 * 1024 ** 3;

interface RestoreVolume {
  body: Readable;
  bytes: number | undefined;
  /** What is in it goes; otherwise only an empty volume is filled. */
  replace: boolean;
  /** Although containers are working with it. */
  force: boolean;
  signal: AbortSignal;
}

/** Streams a tar to the host, which makes it the volume's content when it is whole. @throws EngineError */
export async function restoreVolume(
  user: UserView,
  space: FileSpace,
  { body, bytes, replace, force, signal }: RestoreVolume,
): Promise<void> {
  await auditedOrThrow(user, auditSubject(space, 'restore-volume'), async () => {
    if (space.kind !== 'volumes') throw new EngineError('invalid-parameter', 'Only volumes are restored.');
    const answer = await server().agents.request(space.hostId, {
      method: 'PUT',
      path: `${space.base}/archive`,
      query: { replace, force },
      stream: bounded({ body, bytes, bytesMax: archiveBytesMax, contentType: 'application/x-tar' }),
      signal,
    });
    answer.resume();
  });
}
