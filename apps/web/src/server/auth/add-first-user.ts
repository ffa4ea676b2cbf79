import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Store } from '../db/store.ts';
import type { ActionResult } from '../views.ts';
import { hashPassword, passwordLengthMax, passwordLengthMin } from './password.ts';

const account = z.object({
  email: z.string().trim().toLowerCase().max(254).pipe(z.email('That is no e-mail address.')),
  password: z
    .string()
    .min(passwordLengthMin, `The password needs at least ${passwordLengthMin} characters.`)
    .max(passwordLengthMax, `The password may have at most ${passwordLengthMax} characters.`),
});

/** @returns the new user's id; a conflict when somebody was first. */
export async function addFirstUser(
  store: Store,
  input: { email: string; password: string },
  now: number,
): Promise<ActionResult<string>> {
  const parsed = account.safeParse(input);
  if (!parsed.success)
    return { ok: false, kind: 'invalid-parameter', message: parsed.error.issues[0]?.message ?? 'Not valid.' };
  const { email, password } = parsed.data;
  const id = randomUUID();
  const added = store.users.addFirst({ id, email, passwordHash: await hashPassword(password) }, now);
  if (!added) return { ok: false, kind: 'conflict', message: 'There is an administrator already. Sign in instead.' };
  store.audit.append({
    at: now,
    userEmail: email,
    action: 'create-administrator',
    hostId: null,
    targetId: id,
    targetName: email,
    result: 'ok',
    message: '',
  });
  return { ok: true, value: id };
}
