import { EngineError } from '@berth/shared/errors';
import { server } from '../context.ts';
import type { Job } from '../jobs/jobs.ts';
import type { ActionResult, JobKind, JobResult, UserView } from '../views.ts';
import { attempt, audited } from './audited.ts';

interface JobOrder {
  kind: JobKind;
  /** As the audit log calls it; written when the work is over. */
  action: string;
  hostId: string;
  targetId: string | null;
  title: string;
}

/** Begins long work and answers at once with the id under which it can be watched. */
export async function startJob(
  user: UserView,
  { kind, action, hostId, targetId, title }: JobOrder,
  work: (job: Job) => Promise<JobResult>,
): Promise<ActionResult<{ jobId: string }>> {
  return await attempt(async () => {
    const { store, agents, jobs } = server();
    const host = store.hosts.get(hostId);
    if (!host) throw new EngineError('not-found', 'This host is not there any more.');
    if (!agents.isOnline(hostId)) throw new EngineError('unavailable', `${host.name} is offline.`);
    const jobId = jobs.start({ kind, hostId, title, userEmail: user.email }, (job) =>
      audited(user, { action, hostId, targetId, targetName: title }, () => work(job)),
    );
    if (jobId === null)
      throw new EngineError('unavailable', 'Too much is under way already. Wait until some of it ends.');
    return { jobId };
  });
}
