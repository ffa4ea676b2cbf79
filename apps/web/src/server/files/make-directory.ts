import { server } from '../context.ts';
import { auditedOrThrow } from '../inventory/audited.ts';
import type { UserView } from '../views.ts';
import { auditSubject, type FileSpace } from './space.ts';

/** @throws EngineError, conflict when something has that name */
export async function makeDirectory(user: UserView, space: FileSpace, path: string): Promise<void> {
  await auditedOrThrow(user, auditSubject(space, 'make-directory', path), async () => {
    await server().agents.requestJson(space.hostId, {
      method: 'POST',
      path: `${space.base}/directory`,
      query: { path },
    });
  });
}
