import { listFiles } from '@/server/files/list-files.ts';
import { spaceRoute } from '@/server/files/space-route.ts';

export const dynamic = 'force-dynamic';

/** A directory's entries, as the engine tells them. */
export const GET = spaceRoute(async ({ user, space, path }) =>
  Response.json(await listFiles(user, space, path), { headers: { 'cache-control': 'no-store' } }),
);
