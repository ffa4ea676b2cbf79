import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from './fixtures.ts';
import { buildFromText } from './steps/images.ts';

test.beforeEach(({ starterImageLoaded: _ }) => {});

test('a pasted Dockerfile is built, watched and found again', async ({ page, stack }) => {
  await buildFromText(page, {
    text: 'FROM busybox:latest\nARG WHO\nRUN echo "hello there" > /greeting\nCMD ["cat", "/greeting"]\n',
    tags: 'e2e-greeting:1, e2e-greeting:latest',
  });
  await expect(page).toHaveURL(/\/images\/work\//);
  await expect(page.getByText('e2e-greeting:1 was built.')).toBeVisible({ timeout: 60_000 });
  const log = page.getByRole('log', { name: 'Build log' });
  await expect(log).toContainText('RUN echo "hello there" > /greeting');
  await expect(page.getByText('Step 4 of 4')).toBeVisible();
  expect(stack.agent.docker('run', '--rm', 'e2e-greeting:latest')).toBe('hello there');

  await test.step('its page tells how it was made', async () => {
    await page.getByRole('link', { name: 'Open image' }).click();
    await expect(page.getByRole('heading', { name: 'e2e-greeting:1' })).toBeVisible();
    const layers = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Layers' }) });
    await expect(layers.getByText('echo "hello there" > /greeting')).toBeVisible();
    await expect(page.getByText('cat /greeting')).toBeVisible();
    await expect(page.getByText('No container uses this image.')).toBeVisible();
  });

  await test.step('the work is still to be seen', async () => {
    await page.goto('/images');
    await page.getByRole('link', { name: /Build e2e-greeting:1/ }).click();
    await expect(page.getByText('e2e-greeting:1 was built.')).toBeVisible();
  });
  stack.agent.docker('rmi', 'e2e-greeting:1', 'e2e-greeting:latest');
});

test('an uploaded context is built, with its arguments and target', async ({ page, stack }) => {
  const context = path.join(stack.directory, 'context');
  mkdirSync(path.join(context, 'files'), { recursive: true });
  writeFileSync(path.join(context, 'files/data.txt'), 'from the context\n');
  writeFileSync(
    path.join(context, 'Dockerfile'),
    'FROM busybox:latest AS base\nARG WHO=nobody\nCOPY files/data.txt /data.txt\nRUN echo "for $WHO" >> /data.txt\nCMD ["cat", "/data.txt"]\nFROM base AS never\nRUN exit 9\n',
  );
  const archive = path.join(stack.directory, 'context.tar.gz');
  execFileSync('tar', ['-czf', archive, '-C', context, '.']);
  await page.goto('/images/build');
  await page.getByRole('button', { name: /Context/ }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose file' }).click();
  await (await chooser).setFiles({
    name: 'context.tar.gz',
    mimeType: 'application/gzip',
    buffer: readFileSync(archive),
  });
  await page.getByRole('textbox', { name: 'Tags' }).fill('e2e-context:1');
  await page.getByRole('textbox', { name: 'Target stage' }).fill('base');
  await page.getByRole('button', { name: 'Add argument' }).click();
  await page.getByRole('textbox', { name: 'Name of argument 1' }).fill('WHO');
  await page.getByRole('textbox', { name: 'Value of argument 1' }).fill('everybody');
  await page.getByRole('button', { name: 'Build image' }).click();
  await expect(page.getByText('e2e-context:1 was built.')).toBeVisible({ timeout: 60_000 });
  expect(stack.agent.docker('run', '--rm', 'e2e-context:1')).toBe('from the context\nfor everybody');
  stack.agent.docker('rmi', 'e2e-context:1');
});

test('a step that fails ends the build, and its words are there', async ({ page, stack }) => {
  await buildFromText(page, { text: 'FROM busybox:latest\nRUN echo no luck; exit 3\n', tags: 'e2e-never:1' });
  const alert = page.getByRole('main').getByRole('alert');
  await expect(alert).toContainText('e2e-never:1 was not built', { timeout: 60_000 });
  await expect(alert).toContainText('returned a non-zero code: 3');
  await expect(page.getByRole('log')).toContainText('no luck');
  expect(stack.agent.docker('images', '--quiet', 'e2e-never')).toBe('');
});

test('a build that takes too long is cancelled', async ({ page, stack }) => {
  await buildFromText(page, { text: 'FROM busybox:latest\nRUN echo begun; sleep 600\n', tags: 'e2e-slow:1' });
  await expect(page.getByRole('log')).toContainText('begun', { timeout: 60_000 });
  await page.getByRole('main').getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText('Cancelled.')).toBeVisible();
  await expect(() => expect(stack.agent.docker('ps', '--all', '--quiet')).toBe('')).toPass();
  await page.goto('/images');
  await expect(page.getByRole('link', { name: /Build e2e-slow:1/ }).getByLabel('Cancelled')).toBeVisible();
});

test('what is missing in the form is told by its field', async ({ page }) => {
  await buildFromText(page, { text: 'RUN true\n', tags: 'Not A Tag' });
  await expect(page.getByText('A Dockerfile needs a FROM line.')).toBeVisible();
  await expect(page.getByText('Enter tags as name:tag, in small letters.')).toBeVisible();
});
