import { server } from '../context.ts';
import { auditedOrThrow } from '../inventory/audited.ts';
import type { UserView } from '../views.ts';
import { type Download, download } from './download.ts';
import { auditSubject, type FileSpace } from './space.ts';

/** A directory as a tar; of a volume's root that is its backup. @throws EngineError */
export async function readArchive(
  user: UserView,
  space: FileSpace,
  { path, signal }: { path: string; signal: AbortSignal },
): Promise<Download> {
  const isBackup = space.kind === 'volumes' && path === '/';
  const subject = isBackup ? auditSubject(space, 'backup-volume') : auditSubject(space, 'download-directory', path);
  return await auditedOrThrow(user, subject, async () => {
    // Docker has an archive route for containers; for volumes it is ours.
    const base = space.kind === 'volumes' ? space.base : `/containers/${space.id}`;
    const query = isBackup ? {} : { path };
    const answer = await server().agents.request(space.hostId, {
      method: 'GET',
      path: `${base}/archive`,
      query,
      signal,
    });
    const name = path === '/' ? space.name : path.slice(path.lastIndexOf('/') + 1);
    return download(answer, `${name}${isBackup ? `-${new Date().toISOString().slice(0, 10)}` : ''}.tar`);
  });
}
