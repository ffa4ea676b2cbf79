import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';

/** What was cancelled is written by the job itself when it has ended. */
export async function cancelJob(id: string): Promise<void> {
  await requireUser();
  server().jobs.cancel(String(id));
}
