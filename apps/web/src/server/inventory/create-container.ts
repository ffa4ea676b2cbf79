import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';
import { type CreateContainerInput, createContainerInput } from './create-container-input.ts';
import { toCreateRequest } from './create-request.ts';

const answer = z.object({ Id: z.string().regex(/^[0-9a-f]{64}$/), Warnings: z.array(z.string()).nullish() });

/** Creates, and starts when asked. A container that cannot start is removed again: nothing half-made stays. */
export async function createContainer(
  hostId: string,
  input: CreateContainerInput,
): Promise<ActionResult<{ id: string; warnings: string[] }>> {
  const user = await requireUser();
  const parsed = createContainerInput.safeParse(input);
  if (!parsed.success) return { ok: false, kind: 'invalid-parameter', message: firstIssue(parsed.error) };
  const { name, image, start } = parsed.data;
  const { agents, store } = server();
  const subject = { action: 'create', hostId, targetId: null, targetName: name ?? image };
  return await audited(user, subject, async () => {
    if (!store.hosts.get(hostId)) throw new EngineError('not-found', 'This host is not there any more.');
    const { Id, Warnings } = answer.parse(
      await agents.requestJson(hostId, {
        method: 'POST',
        path: '/containers/create',
        query: { name },
        body: toCreateRequest(parsed.data),
      }),
    );
    if (start) {
      try {
        await agents.requestJson(hostId, { method: 'POST', path: `/containers/${Id}/start` });
      } catch (error) {
        await agents
          .requestJson(hostId, { method: 'DELETE', path: `/containers/${Id}`, query: { force: true, v: true } })
          .catch(() => {});
        throw error;
      }
    }
    await agents.refreshContainer(hostId, Id).catch(() => {});
    return { id: Id, warnings: Warnings ?? [] };
  });
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? `${issue.path.join('.')}: ${issue.message}` : 'Not valid.';
}
