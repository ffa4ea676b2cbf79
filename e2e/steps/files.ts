import { readFileSync } from 'node:fs';
import { expect, type Locator, type Page } from '@playwright/test';

export function fileGrid(page: Page): Locator {
  return page.getByRole('grid');
}

/** The row of an entry, by the text that its name is shown as. */
export function fileRow(page: Page, name: string): Locator {
  return fileGrid(page)
    .getByRole('row')
    .filter({ has: page.getByRole('button', { name, exact: true }) });
}

export async function openEntry(page: Page, name: string): Promise<void> {
  await fileGrid(page).getByRole('button', { name, exact: true }).click();
}

export async function goToStep(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Path' }).getByRole('button', { name, exact: true }).click();
}

export async function chooseAction(page: Page, name: string, action: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: action }).click();
}

export async function downloadEntry(page: Page, name: string, action = 'Download'): Promise<Buffer> {
  const started = page.waitForEvent('download');
  await chooseAction(page, name, action);
  const download = await started;
  expect(await download.failure()).toBeNull();
  return readFileSync(await download.path());
}

export async function makeEntry(page: Page, kind: 'New file' | 'New directory', name: string): Promise<void> {
  await page.getByRole('button', { name: 'New', exact: true }).click();
  await page.getByRole('menuitem', { name: kind }).click();
  const dialog = page.getByRole('alertdialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(dialog).toBeHidden();
}

export async function uploadFiles(
  page: Page,
  files: { name: string; mimeType: string; buffer: Buffer }[],
): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  await (await chooser).setFiles(files);
}

export async function deleteEntry(page: Page, name: string): Promise<void> {
  await chooseAction(page, name, 'Delete');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete', exact: true }).click();
}

export function editor(page: Page): Locator {
  return page.locator('.cm-content');
}

/** Opens a file to be changed, with the cursor at its end. */
export async function beginEditing(page: Page, name: string): Promise<void> {
  await openEntry(page, name);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await expect(editor(page)).toBeFocused();
  await page.keyboard.press('Control+End');
}
