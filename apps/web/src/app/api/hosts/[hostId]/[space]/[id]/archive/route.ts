import { downloadAnswer } from '@/server/files/download.ts';
import { readArchive } from '@/server/files/read-archive.ts';
import { restoreVolume } from '@/server/files/restore-volume.ts';
import { doneAnswer, spaceRoute, uploadOf } from '@/server/files/space-route.ts';

export const dynamic = 'force-dynamic';

/** A directory as a tar; without a path the whole of it. */
export const GET = spaceRoute(async ({ user, space, path, request }) =>
  downloadAnswer(await readArchive(user, space, { path, signal: request.signal })),
);

/** A tar as the new content of a volume. */
export const PUT = spaceRoute(async ({ user, space, query, request }) => {
  const how = { replace: query.get('replace') === '1', force: query.get('force') === '1' };
  await restoreVolume(user, space, { ...uploadOf(request), ...how, signal: request.signal });
  return doneAnswer();
});
