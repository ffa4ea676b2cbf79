import { expect, type Locator, type Page } from '@playwright/test';

export async function uploadImage(
  page: Page,
  file: string | { name: string; mimeType: string; buffer: Buffer },
): Promise<void> {
  await page.goto('/images');
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Upload image' }).click();
  await (await chooser).setFiles(file);
}

export function imageRow(page: Page, name: string): Locator {
  return page.getByRole('row').filter({ hasText: name });
}

export async function removeImage(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Remove ${name}` }).click();
  const dialog = page.getByRole('alertdialog');
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  // It stays until the work is done, and hides what is behind it.
  await expect(dialog).toBeHidden();
}
