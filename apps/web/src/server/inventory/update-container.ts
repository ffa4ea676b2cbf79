import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';
import { containerName, containerOf } from './container-of.ts';
import { restartPolicyInput } from './create-container-input.ts';

const limits = z.object({
  memoryBytes: z.number().int().min(0).optional(),
  memorySwapBytes: z.number().int().min(-1).optional(),
  nanoCpus: z.number().int().min(0).optional(),
  cpuShares: z.number().int().min(0).optional(),
  pidsLimit: z.number().int().min(-1).optional(),
  restartPolicy: restartPolicyInput.optional(),
});
export type LimitsInput = z.infer<typeof limits>;

export async function updateContainer(hostId: string, containerId: string, input: LimitsInput): Promise<ActionResult> {
  const user = await requireUser();
  const subject = { action: 'update', hostId, targetId: containerId, targetName: containerName(hostId, containerId) };
  return await audited(user, subject, async () => {
    const parsed = limits.safeParse(input);
    if (!parsed.success) throw new EngineError('invalid-parameter', 'These limits are not valid.');
    const { memoryBytes, memorySwapBytes, nanoCpus, cpuShares, pidsLimit, restartPolicy } = parsed.data;
    const { id } = containerOf(hostId, containerId);
    const { agents } = server();
    await agents.requestJson(hostId, {
      method: 'POST',
      path: `/containers/${id}/update`,
      // What is undefined is left out of the JSON, and thus unchanged.
      body: {
        Memory: memoryBytes,
        MemorySwap: memorySwapBytes,
        NanoCpus: nanoCpus,
        CpuShares: cpuShares,
        PidsLimit: pidsLimit,
        RestartPolicy: restartPolicy && {
          Name: restartPolicy.name,
          MaximumRetryCount: restartPolicy.maximumRetryCount ?? 0,
        },
      },
    });
    await agents.refreshContainer(hostId, id).catch(() => {});
    return null;
  });
}
