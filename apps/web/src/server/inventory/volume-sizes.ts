import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import { server } from '../context.ts';

const sizesMs = 5 * 60_000;
const answer = z.object({
  Volumes: z.array(z.object({ Name: z.string(), UsageData: z.object({ Size: z.number() }).nullish() })).nullish(),
});

/** Bytes by name of the volume. The host walks through every file for it, which may take seconds. @throws EngineError */
export async function volumeSizes(hostId: string, signal: AbortSignal): Promise<Record<string, number>> {
  const { store, agents } = server();
  if (!store.hosts.get(hostId)) throw new EngineError('not-found', 'This host is not there any more.');
  const { Volumes } = answer.parse(
    await agents.requestJson(hostId, {
      method: 'GET',
      path: '/system/df',
      query: { type: 'volume' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(sizesMs)]),
    }),
  );
  const known = (Volumes ?? []).map(({ Name, UsageData }): [string, number] => [Name, UsageData?.Size ?? -1]);
  return Object.fromEntries(known.filter(([, size]) => size >= 0));
}
