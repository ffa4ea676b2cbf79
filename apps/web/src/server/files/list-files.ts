import { type FileList, fileList } from '@berth/shared/berth/files';
import { server } from '../context.ts';
import { auditedOrThrow } from '../inventory/audited.ts';
import type { UserView } from '../views.ts';
import { auditSubject, type FileSpace } from './space.ts';

/** @throws EngineError, invalid-parameter when the path is no directory */
export async function listFiles(user: UserView, space: FileSpace, path: string): Promise<FileList> {
  return await auditedOrThrow(user, auditSubject(space, 'list-files', path), async () =>
    fileList.parse(
      await server().agents.requestJson(space.hostId, { method: 'GET', path: `${space.base}/files`, query: { path } }),
    ),
  );
}
