import { makeDirectory } from '@/server/files/make-directory.ts';
import { doneAnswer, spaceRoute } from '@/server/files/space-route.ts';

export const dynamic = 'force-dynamic';

export const POST = spaceRoute(async ({ user, space, path }) => {
  await makeDirectory(user, space, path);
  return doneAnswer();
});
