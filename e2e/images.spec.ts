import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from './fixtures.ts';
import { addTag, imageRow, openImage, removeImage, uploadImage } from './steps/images.ts';

test('an uploaded tarball becomes an image, and can be removed again', async ({ page, stack }) => {
  await uploadImage(page, stack.starterImage);
  await expect(imageRow(page, 'busybox:latest')).toBeVisible();
  expect(stack.agent.docker('images', '--format', '{{.Repository}}:{{.Tag}}')).toContain('busybox:latest');
  await removeImage(page, 'busybox:latest');
  await expect(imageRow(page, 'busybox:latest')).toHaveCount(0);
  expect(stack.agent.docker('images', '--quiet')).toBe('');
});

test('a tarball that ends in the middle gives a readable error and no image', async ({ page, stack }) => {
  const whole = readFileSync(stack.starterImage);
  const buffer = whole.subarray(0, Math.floor(whole.length / 2));
  await uploadImage(page, { name: 'half.tar', mimeType: 'application/x-tar', buffer });
  const alert = page.getByRole('main').getByRole('alert');
  await expect(alert).toContainText('half.tar was not loaded');
  await expect(alert).not.toContainText(/undefined|\[object/);
  expect(stack.agent.docker('images', '--all', '--quiet')).toBe('');
});

test('a file that is no tarball gives a readable error', async ({ page }) => {
  const buffer = Buffer.from('These are not the bytes of a tarball.\n'.repeat(100));
  await uploadImage(page, { name: 'notes.tar', mimeType: 'application/x-tar', buffer });
  await expect(page.getByRole('main').getByRole('alert')).toContainText('notes.tar was not loaded');
});

test('an image is tagged, exported, untagged and dangles', async ({ page, stack }) => {
  stack.agent.docker('load', '--input', stack.starterImage);
  const id = stack.agent.docker('inspect', '--format', '{{.Id}}', 'busybox:latest');
  await openImage(page, 'busybox:latest');
  await expect(page.getByText(id)).toBeVisible();
  await addTag(page, 'e2e/other:2');

  await test.step('its archive can be loaded again', async () => {
    const coming = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export' }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toMatch(/\.tar$/);
    const archive = path.join(stack.directory, 'export.tar');
    await download.saveAs(archive);
    stack.agent.docker('rmi', 'busybox:latest', 'e2e/other:2');
    expect(stack.agent.docker('load', '--input', archive)).toContain('e2e/other:2');
    expect(stack.agent.docker('inspect', '--format', '{{.Id}}', 'busybox:latest')).toBe(id);
  });

  await test.step('a container keeps it when its last tag goes', async () => {
    stack.agent.docker('create', '--name', 'e2e-keeper', 'e2e/other:2');
    stack.agent.docker('commit', 'e2e-keeper', 'e2e/newer:1');
    stack.agent.docker('commit', '--change', 'ENV A=1', 'e2e-keeper', 'e2e/newer:1');
    await page.goto('/images?use=dangling');
    await expect(page.getByRole('row').getByText('dangling', { exact: true })).toHaveCount(1);
    await openImage(page, 'busybox:latest');
    await expect(page.getByRole('link', { name: 'e2e-keeper' })).toBeVisible();
    await page.getByRole('button', { name: 'Remove tag e2e/other:2' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await expect(page.getByText('e2e/other:2 was removed.')).toBeVisible();
  });

  await test.step('clean-up tells what goes, and takes that', async () => {
    await page.goto('/images');
    await page.getByRole('button', { name: 'Clean up' }).click();
    const dialog = page.getByRole('alertdialog');
    await expect(dialog).toContainText('1 image goes');
    await expect(dialog.getByRole('listitem')).toHaveCount(1);
    await dialog.getByRole('combobox', { name: 'Age' }).selectOption('24');
    await expect(dialog).toContainText('Nothing to remove');
    await dialog.getByRole('combobox', { name: 'Age' }).selectOption('0');
    await dialog.getByRole('combobox', { name: 'Which' }).selectOption('true');
    await expect(dialog).toContainText('2 images go');
    await expect(dialog).toContainText('e2e/newer:1');
    await dialog.getByRole('combobox', { name: 'Which' }).selectOption('false');
    await expect(dialog).toContainText('1 image goes');
    await dialog.getByRole('button', { name: 'Remove them' }).click();
    await expect(page.getByText(/1 image removed/)).toBeVisible();
    await expect(imageRow(page, 'e2e/newer:1')).toBeVisible();
    await expect(page.getByRole('row').getByText('dangling', { exact: true })).toHaveCount(0);
  });
  stack.agent.docker('rm', 'e2e-keeper');
  stack.agent.docker('rmi', 'e2e/newer:1');
});

test('several images are found, and removed after asking; what is in use stays and is told', async ({
  page,
  stack,
}) => {
  stack.agent.docker('load', '--input', stack.starterImage);
  stack.agent.docker('create', '--name', 'e2e-user', 'busybox:latest');
  for (const name of ['one', 'two'])
    stack.agent.docker('commit', '--change', `ENV N=${name}`, 'e2e-user', `e2e/${name}:1`);
  await page.goto('/images');
  await page.getByRole('searchbox', { name: 'Search images' }).fill('e2e/');
  await expect(imageRow(page, 'busybox:latest')).toHaveCount(0);
  await expect(page).toHaveURL(/q=e2e/);
  // The last commit may be news to the dashboard.
  for (const name of ['one', 'two']) await expect(imageRow(page, `e2e/${name}:1`)).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search images' }).fill('');
  await page.getByRole('button', { name: 'Image', exact: true }).click();
  await expect(page.getByRole('columnheader', { name: 'Image' })).toHaveAttribute('aria-sort', 'ascending');
  await page.getByRole('checkbox', { name: 'Select all' }).click();
  const toolbar = page.getByRole('toolbar', { name: 'Actions for the selected images' });
  await expect(toolbar).toContainText('3 selected');
  await toolbar.getByRole('button', { name: 'Remove' }).click();
  const dialog = page.getByRole('alertdialog');
  for (const name of ['e2e/one:1', 'e2e/two:1', 'busybox:latest']) await expect(dialog).toContainText(name);
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('2 images removed.')).toBeVisible();
  await expect(page.getByRole('main').getByRole('alert')).toContainText('1 image not removed');
  await expect(imageRow(page, 'e2e/one:1')).toHaveCount(0);
  await expect(imageRow(page, 'busybox:latest')).toBeVisible();
  stack.agent.docker('rm', 'e2e-user');
});
