import { expect, type Page } from '@playwright/test';

export interface NewAccount {
  host: string;
  username: string;
  password: string;
}

export async function fillAccount(page: Page, { host, username, password }: NewAccount): Promise<void> {
  await page.goto('/images/registries');
  await page.getByRole('button', { name: 'Add registry' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Registry' }).fill(host);
  await dialog.getByRole('textbox', { name: 'User name' }).fill(username);
  await dialog.getByLabel('Password or token').fill(password);
}

export async function addAccount(page: Page, account: NewAccount): Promise<void> {
  await fillAccount(page, account);
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(`The account at ${account.host} was saved.`)).toBeVisible();
}
