import { z } from 'zod';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { clientAddress, setSessionCookie } from './client.ts';
import { passwordLengthMax, verifyPassword } from './password.ts';
import { openSession } from './session.ts';

const credentials = z.object({
  email: z.string().trim().toLowerCase().max(254),
  password: z.string().max(passwordLengthMax),
});

export async function signIn(input: { email: string; password: string }): Promise<ActionResult> {
  const { store, limiter } = server();
  const parsed = credentials.safeParse(input);
  if (!parsed.success) return wrong;
  const { email, password } = parsed.data;
  const keys = { account: email, address: await clientAddress() };
  const waitMs = limiter.attempt(keys);
  if (waitMs > 0) {
    const minutes = Math.ceil(waitMs / 60_000);
    return { ok: false, kind: 'unavailable', message: `Too many failed sign-ins. Try again in ${minutes} min.` };
  }
  const user = store.users.byEmail(email);
  const matches = await verifyPassword(user?.passwordHash, password);
  const entry = { at: Date.now(), userEmail: email, action: 'sign-in', hostId: null, targetId: null, targetName: null };
  if (!user || !matches) {
    store.audit.append({ ...entry, result: 'failed', message: wrong.message });
    return wrong;
  }
  limiter.clear(keys);
  await setSessionCookie(openSession(store, user.id, Date.now()));
  store.audit.append({ ...entry, result: 'ok', message: '' });
  return { ok: true, value: null };
}

const wrong = { ok: false, kind: 'unauthorized', message: 'Wrong e-mail address or password.' } as const;
