import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { addFirstUser } from './add-first-user.ts';
import { clientAddress, setSessionCookie } from './client.ts';
import { openSession } from './session.ts';
import { sameToken } from './tokens.ts';

/** By the one-time link that the dashboard prints when it has no user. Signs the new administrator in. */
export async function createFirstAdministrator(input: {
  setupToken: string;
  email: string;
  password: string;
}): Promise<ActionResult> {
  const running = server();
  if (running.limiter.attempt({ account: '(setup)', address: await clientAddress() }) > 0)
    return { ok: false, kind: 'unavailable', message: 'Too many tries. Wait a quarter of an hour.' };
  if (!running.setupToken || typeof input.setupToken !== 'string' || !sameToken(running.setupToken, input.setupToken))
    return {
      ok: false,
      kind: 'forbidden',
      message: 'This setup link is not valid. Use the newest one the dashboard printed.',
    };
  const added = await addFirstUser(running.store, input, Date.now());
  if (!added.ok) return added;
  running.setupToken = null;
  await setSessionCookie(openSession(running.store, added.value, Date.now()));
  return { ok: true, value: null };
}
