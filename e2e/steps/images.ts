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

/** Opens the dialog, asks for the image and leaves the dialog showing how it goes. */
export async function beginPull(page: Page, reference: string): Promise<Locator> {
  await page.goto('/images');
  await page.getByRole('button', { name: 'Pull image' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Image' }).fill(reference);
  await dialog.getByRole('button', { name: 'Pull', exact: true }).click();
  return dialog;
}

/** The page of an image, by way of the list. */
export async function openImage(page: Page, name: string): Promise<void> {
  await page.goto('/images');
  await imageRow(page, name).getByRole('link', { name, exact: true }).click();
  await expect(page.getByRole('heading', { name, exact: true, level: 1 })).toBeVisible();
}

export async function addTag(page: Page, tag: string): Promise<void> {
  await page.getByRole('textbox', { name: 'New tag' }).fill(tag);
  await page.getByRole('button', { name: 'Add tag' }).click();
  await expect(page.getByText(`${tag} was added.`)).toBeVisible();
  await expect(page.getByRole('button', { name: `Remove tag ${tag}` })).toBeVisible();
}

export async function buildFromText(page: Page, { text, tags }: { text: string; tags: string }): Promise<void> {
  await page.goto('/images/build');
  await page.getByRole('textbox', { name: 'Dockerfile' }).fill(text);
  await page.getByRole('textbox', { name: 'Tags' }).fill(tags);
  await page.getByRole('button', { name: 'Build image' }).click();
}
