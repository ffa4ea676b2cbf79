import { redirect } from 'next/navigation';
import type { UserView } from '../views.ts';
import { currentUser } from './current-user.ts';

/** The signed-in user; anybody else is sent to the sign-in page. Every verb of the inventory begins with it. */
export async function requireUser(): Promise<UserView> {
  return (await currentUser()) ?? redirect('/login');
}
