import { z } from 'zod';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { attempt } from './audited.ts';
import { containerOf } from './container-of.ts';

const answer = z.object({ Titles: z.array(z.string()), Processes: z.array(z.array(z.string())).nullish() });

export async function containerProcesses(
  hostId: string,
  containerId: string,
): Promise<ActionResult<{ titles: string[]; processes: string[][] }>> {
  await requireUser();
  return await attempt(async () => {
    const { id } = containerOf(hostId, containerId);
    const path = `/containers/${id}/top`;
    const { Titles, Processes } = answer.parse(await server().agents.requestJson(hostId, { method: 'GET', path }));
    return { titles: Titles, processes: Processes ?? [] };
  });
}
