import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import { accountOf, addressOf } from '../registries/accounts.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';
import { type RegistryInput, registryInput } from './registry-input.ts';

const answer = z.object({ Status: z.string().catch('') });

/** Signs in from a host, as a pull there would; with an empty password the stored one is tried. */
export async function testRegistry(hostId: string, input: RegistryInput): Promise<ActionResult<{ status: string }>> {
  const user = await requireUser();
  const parsed = registryInput.safeParse(input);
  if (!parsed.success)
    return { ok: false, kind: 'invalid-parameter', message: parsed.error.issues[0]?.message ?? 'Not valid.' };
  const { host, username, password } = parsed.data;
  return await audited(user, { action: 'test-registry', hostId, targetId: host, targetName: host }, async () => {
    const { agents, store, secrets } = server();
    if (!store.hosts.get(hostId)) throw new EngineError('not-found', 'This host is not there any more.');
    const kept = password === '' ? accountOf({ store, secrets }, host) : { username, password };
    if (!kept || kept.username !== username) throw new EngineError('invalid-parameter', 'Enter the password or token.');
    const body = { ...kept, serveraddress: addressOf(host) };
    const { Status } = answer.parse(await agents.requestJson(hostId, { method: 'POST', path: '/auth', body }));
    return { status: Status };
  });
}
