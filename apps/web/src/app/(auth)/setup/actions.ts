'use server';
import { redirect } from 'next/navigation';
import { createFirstAdministrator } from '@/server/auth/create-first-administrator.ts';
import type { ActionResult } from '@/server/views.ts';

export async function submitSetup(input: {
  setupToken: string;
  email: string;
  password: string;
}): Promise<ActionResult> {
  const result = await createFirstAdministrator(input);
  if (!result.ok) return { ok: false, kind: result.kind, message: result.message };
  redirect('/hosts');
}
