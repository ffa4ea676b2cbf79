import { cookies } from 'next/headers';
import { server } from '../context.ts';
import type { UserView } from '../views.ts';
import { sessionCookie, userOfToken } from './session.ts';

export async function currentUser(): Promise<UserView | null> {
  return userOfToken(server().store, (await cookies()).get(sessionCookie)?.value, Date.now());
}
