import { server } from '../context.ts';
import { followEngine } from '../jobs/engine-progress.ts';
import type { Job } from '../jobs/jobs.ts';
import { authHeaders } from '../registries/accounts.ts';

/** Brings an image to a host, as part of a job. @throws EngineError in the registry's words */
export async function pull(
  { hostId, reference, platform }: { hostId: string; reference: string; platform?: string | undefined },
  job: Pick<Job, 'signal' | 'item' | 'say'>,
): Promise<{ digest?: string; isUpToDate: boolean }> {
  const { agents, store, secrets } = server();
  const answer = await agents.request(hostId, {
    method: 'POST',
    path: '/images/create',
    query: { fromImage: reference, platform },
    headers: authHeaders({ store, secrets }, reference),
    signal: job.signal,
  });
  const { statuses } = await followEngine(answer, job);
  await agents.refreshImages(hostId).catch(() => {});
  const digest = statuses.map((status) => /^Digest: (sha256:[0-9a-f]{64})/.exec(status)?.[1]).find(Boolean);
  return { ...(digest && { digest }), isUpToDate: statuses.some((status) => /Image is up to date/.test(status)) };
}
