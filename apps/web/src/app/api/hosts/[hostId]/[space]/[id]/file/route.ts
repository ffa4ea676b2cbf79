import { downloadAnswer } from '@/server/files/download.ts';
import { readFile } from '@/server/files/read-file.ts';
import { removeFile } from '@/server/files/remove-file.ts';
import { doneAnswer, spaceRoute, uploadOf } from '@/server/files/space-route.ts';
import { writeFile } from '@/server/files/write-file.ts';

export const dynamic = 'force-dynamic';

/** The bytes of a file, always as an attachment; `view` when a page shows them as text. */
export const GET = spaceRoute(async ({ user, space, path, query, request }) => {
  const action = query.has('view') ? 'read-file' : 'download-file';
  return downloadAnswer(await readFile(user, space, { path, action, signal: request.signal }));
});

/** The body becomes the file's content; If-Match and If-None-Match as HTTP has them. */
export const PUT = spaceRoute(async ({ user, space, path, request }) => {
  const conditions = {
    ifMatch: request.headers.get('if-match'),
    ifNoneMatch: request.headers.get('if-none-match'),
  };
  const etag = await writeFile(user, space, { path, ...uploadOf(request), conditions, signal: request.signal });
  return doneAnswer(etag === null ? {} : { etag });
});

export const DELETE = spaceRoute(async ({ user, space, path, query }) => {
  await removeFile(user, space, { path, recursive: query.get('recursive') === '1' });
  return doneAnswer();
});
