import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { JobView } from '../views.ts';

/** The newest first. */
export async function listJobs(hostId?: string): Promise<JobView[]> {
  await requireUser();
  return server()
    .jobs.list()
    .filter((job) => hostId === undefined || job.hostId === hostId);
}
