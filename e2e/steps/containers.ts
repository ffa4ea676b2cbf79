import { expect, type Locator, type Page } from '@playwright/test';

export interface NewContainer {
  name: string;
  image?: string;
  command?: string;
  memoryMib?: number;
  network?: 'Bridge' | 'None' | 'Host';
}

export async function fillCreateForm(page: Page, container: NewContainer): Promise<void> {
  await page.goto('/containers/new');
  await page.getByRole('combobox', { name: 'Image' }).fill(container.image ?? 'busybox:latest');
  await page.getByRole('textbox', { name: 'Name', exact: false }).first().fill(container.name);
  if (container.command !== undefined) {
    await page.getByRole('textbox', { name: 'Command' }).fill(container.command);
  }
  if (container.memoryMib !== undefined) await fillMemory(page, container.memoryMib);
}

/** Creates and starts a container, and waits until its page shows it running. */
export async function createContainer(page: Page, container: NewContainer): Promise<void> {
  await fillCreateForm(page, container);
  await page.getByRole('button', { name: 'Create container' }).click();
  await expect(page).toHaveURL(/\/hosts\/[^/]+\/containers\/[^/]+/);
  await expect(page.getByRole('heading', { name: container.name })).toBeVisible();
}

export async function fillMemory(page: Page, mebibytes: number): Promise<void> {
  await page.getByRole('combobox', { name: 'Unit of memory' }).selectOption('MiB');
  await page.getByRole('textbox', { name: 'Memory' }).fill(String(mebibytes));
}

export async function openTab(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name }).click();
  await expect(page.getByRole('tab', { name })).toHaveAttribute('aria-selected', 'true');
}

/** The state in the header of a container's page. */
export function state(page: Page, word: 'Running' | 'Exited' | 'Paused' | 'Created'): Locator {
  return page.getByRole('main').getByText(word, { exact: true }).first();
}

export async function act(page: Page, action: 'Start' | 'Stop' | 'Restart' | 'Pause' | 'Resume'): Promise<void> {
  await page.getByRole('main').getByRole('button', { name: action, exact: true }).click();
}

/** Actions that ask first: the dialog names the container, its button confirms. */
export async function actAndConfirm(page: Page, action: 'Kill' | 'Remove', name: string): Promise<void> {
  await page.getByRole('main').getByRole('button', { name: action, exact: true }).click();
  const dialog = page.getByRole('alertdialog');
  await expect(dialog).toContainText(name);
  await dialog.getByRole('button', { name: action, exact: true }).click();
}

export async function rename(page: Page, name: string, newName: string): Promise<void> {
  await page.getByRole('button', { name: `Rename ${name}` }).click();
  const dialog = page.getByRole('alertdialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(newName);
  await dialog.getByRole('button', { name: 'Rename' }).click();
}

/** Types a line into the open terminal. */
export async function typeInTerminal(page: Page, line: string): Promise<void> {
  const terminal = page.getByRole('region', { name: 'Terminal' });
  await expect(page.getByText('Connected', { exact: true })).toBeVisible();
  await terminal.click();
  await page.keyboard.type(`${line}\n`);
}

export function terminalText(page: Page): Locator {
  return page.getByRole('region', { name: 'Terminal' }).locator('.xterm-rows');
}
