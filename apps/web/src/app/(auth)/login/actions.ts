'use server';
import { redirect } from 'next/navigation';
import { signIn } from '@/server/auth/sign-in.ts';
import type { ActionResult } from '@/server/views.ts';

export async function submitSignIn(credentials: { email: string; password: string }): Promise<ActionResult> {
  const result = await signIn(credentials);
  if (!result.ok) return result;
  redirect('/hosts');
}
