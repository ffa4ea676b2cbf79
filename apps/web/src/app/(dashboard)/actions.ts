'use server';
import { redirect } from 'next/navigation';
import { signOut } from '@/server/auth/sign-out.ts';

export async function endSession(): Promise<void> {
  await signOut();
  redirect('/login');
}
