import { server } from '../context.ts';
import { auditedOrThrow } from '../inventory/audited.ts';
import type { UserView } from '../views.ts';
import { auditSubject, type FileSpace } from './space.ts';

const removeMs = 15 * 60_000;

/** A directory with what is in it only when `recursive`. @throws EngineError */
export async function removeFile(
  user: UserView,
  space: FileSpace,
  { path, recursive }: { path: string; recursive: boolean },
): Promise<void> {
  await auditedOrThrow(user, auditSubject(space, 'remove-file', path), async () => {
    await server().agents.requestJson(space.hostId, {
      method: 'DELETE',
      path: `${space.base}/file`,
      query: { path, recursive },
      signal: AbortSignal.timeout(removeMs),
    });
  });
}
