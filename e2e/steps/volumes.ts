import { expect, type Locator, type Page } from '@playwright/test';

export interface NewVolume {
  name: string;
  labels?: Record<string, string>;
  kind?: 'A host path' | 'Memory';
  device?: string;
  sizeMib?: number;
}

/** Creates a volume, and waits until its page shows it. */
export async function createVolume(page: Page, volume: NewVolume): Promise<void> {
  await page.goto('/volumes/new');
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(volume.name);
  if (volume.kind) await page.getByRole('radio', { name: volume.kind }).check();
  if (volume.device) await page.getByRole('textbox', { name: 'Path on the host' }).fill(volume.device);
  if (volume.sizeMib) await page.getByRole('textbox', { name: 'Size in MiB' }).fill(String(volume.sizeMib));
  for (const [index, [name, value]] of Object.entries(volume.labels ?? {}).entries()) {
    await page.getByRole('button', { name: 'Add label' }).click();
    await page.getByRole('textbox', { name: `Name of label ${index + 1}` }).fill(name);
    await page.getByRole('textbox', { name: `Value of label ${index + 1}` }).fill(value);
  }
  await page.getByRole('button', { name: 'Create volume' }).click();
  await expect(page.getByRole('heading', { name: volume.name, level: 1 })).toBeVisible();
}

export function volumeRow(page: Page, name: string): Locator {
  return page.getByRole('row').filter({ hasText: name });
}

/** Opens the page of a volume by way of the list. */
export async function openVolume(page: Page, name: string): Promise<void> {
  await page.goto('/volumes');
  await page.getByRole('link', { name, exact: true }).click();
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible();
}

/** Asks for the removal; what the dialog says stays to be looked at. */
export async function askToRemove(page: Page, name: string): Promise<Locator> {
  await page.goto('/volumes');
  await page.getByRole('button', { name: `Remove ${name}` }).click();
  const dialog = page.getByRole('alertdialog');
  await expect(dialog).toContainText(name);
  return dialog;
}

export async function confirm(dialog: Locator, button: string): Promise<void> {
  await dialog.getByRole('button', { name: button, exact: true }).click();
}

/** The bytes of a backup, as the browser saved them. */
export async function downloadBackup(page: Page): Promise<{ file: string; name: string }> {
  const started = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download backup' }).click();
  const download = await started;
  expect(await download.failure()).toBeNull();
  return { file: await download.path(), name: download.suggestedFilename() };
}

/** Chooses an archive and answers the dialog that asks about it. */
export async function restoreFrom(page: Page, file: string, { replace }: { replace: boolean }): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await (await chooser).setFiles(file);
  const dialog = page.getByRole('alertdialog');
  if (replace) await dialog.getByRole('switch', { name: 'Replace what is there' }).click();
  await confirm(dialog, replace ? 'Replace everything' : 'Restore');
}
