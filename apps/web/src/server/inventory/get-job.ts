import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { JobView } from '../views.ts';

export async function getJob(id: string): Promise<JobView | null> {
  await requireUser();
  return server().jobs.get(id);
}
