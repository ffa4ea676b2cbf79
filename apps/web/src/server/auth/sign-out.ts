import { cookies } from 'next/headers';
import { server } from '../context.ts';
import { sessionCookie } from './session.ts';
import { hashToken } from './tokens.ts';

export async function signOut(): Promise<void> {
  const jar = await cookies();
  const token = jar.get(sessionCookie)?.value;
  if (token) server().store.users.removeSession(hashToken(token));
  jar.delete(sessionCookie);
}
