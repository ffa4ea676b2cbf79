import { EngineError } from '@berth/shared/errors';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';
import { type RegistryInput, registryInput } from './registry-input.ts';

/** Adds an account, or changes that of a registry that is known. */
export async function saveRegistry(input: RegistryInput): Promise<ActionResult> {
  const user = await requireUser();
  const parsed = registryInput.safeParse(input);
  if (!parsed.success)
    return { ok: false, kind: 'invalid-parameter', message: parsed.error.issues[0]?.message ?? 'Not valid.' };
  const { host, username, password } = parsed.data;
  const { store, secrets } = server();
  const known = store.registries.get(host);
  const action = known ? 'change-registry' : 'add-registry';
  return await audited(user, { action, hostId: null, targetId: host, targetName: host }, async () => {
    if (!known && password === '') throw new EngineError('invalid-parameter', 'Enter the password or token.');
    // The password of one account is not sent in the name of another.
    if (known && password === '' && known.username !== username)
      throw new EngineError('invalid-parameter', 'Another user name needs its own password or token.');
    const sealedPassword = password === '' && known ? known.sealedPassword : secrets.seal(password, host);
    store.registries.put({ host, username, sealedPassword }, Date.now());
    return null;
  });
}
