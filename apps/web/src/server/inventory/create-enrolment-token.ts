import { EngineError } from '@berth/shared/errors';
import { headers } from 'next/headers';
import { protocolHeader } from '../auth/client.ts';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { addEnrolmentToken } from './add-enrolment-token.ts';
import { audited } from './audited.ts';
import { hostName } from './rename-host.ts';

export async function createEnrolmentToken({
  name,
}: {
  name?: string;
}): Promise<ActionResult<{ token: string; expiresAt: number; command: string }>> {
  const user = await requireUser();
  const { store, publicUrl } = server();
  const head = await headers();
  const url = publicUrl ?? `${head.get(protocolHeader) ?? 'http'}://${head.get('host') ?? 'localhost'}`;
  const subject = { action: 'create-enrolment-token', hostId: null, targetId: null, targetName: name ?? null };
  return await audited(user, subject, async () => {
    if (name !== undefined && !hostName.safeParse(name).success)
      throw new EngineError('invalid-parameter', 'A host name has 1 to 63 characters.');
    const { token, expiresAt } = addEnrolmentToken(store, name?.trim() ?? null, Date.now());
    return { token, expiresAt, command: `berth-agent enroll --url ${url} --token ${token}` };
  });
}
