import { expect, type Locator, type Page } from '@playwright/test';

/** The cards of the hosts page. */
export function hostCards(page: Page): Locator {
  return page.getByRole('main').getByRole('article');
}

/** Makes an enrolment token on the page and answers it. */
export async function createToken(page: Page, name: string): Promise<string> {
  await page.goto('/hosts/new');
  await page.getByRole('textbox', { name: 'Name of the host' }).fill(name);
  await page.getByRole('button', { name: 'Create token' }).click();
  const command = await page.locator('pre', { hasText: 'enroll' }).textContent();
  const token = /--token[ =]'?([^\s']+)/.exec(command ?? '')?.[1];
  expect(token, `a token in: ${command}`).toBeDefined();
  return token ?? '';
}
