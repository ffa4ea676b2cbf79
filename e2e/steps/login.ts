import type { Page } from '@playwright/test';

export async function signIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.goto('/login');
  await tryToSignIn(page, { email, password });
  await page.waitForURL((url) => !url.pathname.startsWith('/login'));
}

export async function tryToSignIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
