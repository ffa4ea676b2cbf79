import { server } from '../context.ts';
import { auditedOrThrow } from '../inventory/audited.ts';
import type { UserView } from '../views.ts';
import { type Download, download } from './download.ts';
import { auditSubject, type FileSpace } from './space.ts';

/** `action` tells the audit log whether it was looked at here or taken away. @throws EngineError */
export async function readFile(
  user: UserView,
  space: FileSpace,
  { path, action, signal }: { path: string; action: 'read-file' | 'download-file'; signal: AbortSignal },
): Promise<Download> {
  const subject = auditSubject(space, action, path);
  return await auditedOrThrow(user, subject, async () =>
    download(
      await server().agents.request(space.hostId, {
        method: 'GET',
        path: `${space.base}/file`,
        query: { path },
        signal,
      }),
      path.slice(path.lastIndexOf('/') + 1),
    ),
  );
}
