import type { Locator, Page } from '@playwright/test';

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
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove', exact: true }).click();
}
