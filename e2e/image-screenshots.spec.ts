// Pictures of the pages and dialogs for images, as in screenshots.spec.ts.
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { account, type Registry, startRegistry } from './registry.ts';
import { barsAtTheirEnds, devices, expectNoSidewaysScroll, looks, picturePath } from './steps/pictures.ts';

let registry: Registry;
const containerName = 'e2e-outdated';
const builds: Record<string, string> = {};

test.beforeAll(async ({ stack, browser, session }) => {
  registry = await startRegistry();
  const docker = stack.agent.docker;
  docker('load', '--input', stack.starterImage);
  const name = `${registry.host}/team/web:1`;
  const made = docker('create', 'busybox:latest');
  const settings = [
    ...['ENV VERSION=1', 'ENV API_TOKEN=abc', 'EXPOSE 8080', 'VOLUME /data', 'USER 1000', 'WORKDIR /srv'],
    ...[
      'ENTRYPOINT ["sh"]',
      'CMD ["-c", "sleep 1000"]',
      'HEALTHCHECK --interval=5s CMD true',
      'LABEL org.opencontainers.image.source=https://example.com/web',
    ],
  ];
  const changes = settings.flatMap((change) => ['--change', change]);
  docker('commit', ...changes, made, name);
  docker('--config', registry.dockerConfig, 'push', name);
  const old = docker('inspect', '--format', '{{.Id}}', name);
  docker('commit', ...changes, '--change', 'ENV VERSION=2', made, name);
  docker('--config', registry.dockerConfig, 'push', name);
  docker('tag', old, name);
  docker('run', '--detach', '--name', containerName, name);
  docker('commit', made, 'e2e/passing:1');
  docker('commit', '--change', 'ENV A=1', made, 'e2e/passing:1');
  docker('rm', made);
  const context = await browser.newContext({ baseURL: stack.url, storageState: session, locale: 'en-GB' });
  const page = await context.newPage();
  await prepare(page);
  await context.close();
});

test.afterAll(async ({ stack, browser, session }) => {
  const context = await browser.newContext({ baseURL: stack.url, storageState: session, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto('/images/registries');
  await page.getByRole('button', { name: `Remove ${registry.host}` }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('No accounts yet')).toBeVisible();
  await context.close();
  stack.agent.docker('rm', '--force', '--volumes', containerName);
  // What was made of others goes before them.
  stack.agent.docker('image', 'prune', '--force');
  const tags = stack.agent.docker('images', '--format', '{{.Repository}}:{{.Tag}}').split('\n');
  const named = tags.filter((tag) => tag !== '' && !tag.includes('<none>'));
  if (named.length > 0) stack.agent.docker('rmi', '--force', ...named);
  stack.agent.docker('image', 'prune', '--force');
  await registry.stop();
});

/** Work of every kind, done and failed, for the pages to show. */
async function prepare(page: Page): Promise<void> {
  await page.goto('/images/registries');
  await page.getByRole('button', { name: 'Add registry' }).click();
  await page.getByRole('textbox', { name: 'Registry' }).fill(registry.host);
  await page.getByRole('textbox', { name: 'User name' }).fill(account.username);
  await page.getByLabel('Password or token').fill(account.password);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(`The account at ${registry.host} was saved.`)).toBeVisible();
  for (const [name, text, outcome] of [
    [
      'job-built',
      'FROM busybox:latest\nRUN dd if=/dev/urandom of=/a bs=1M count=3\nRUN dd if=/dev/urandom of=/b bs=1M count=9\nENV GREETING=hello\nCMD ["cat", "/greeting"]\n',
      'was built.',
    ],
    [
      'job-failed',
      'FROM busybox:latest\nRUN echo compiling; echo "\\033[31merror\\033[0m: no luck" >&2; exit 3\n',
      'was not built',
    ],
  ] as const) {
    await page.goto('/images/build');
    await page.getByRole('textbox', { name: 'Dockerfile' }).fill(text);
    await page.getByRole('textbox', { name: 'Tags' }).fill('e2e/built:1');
    await page.getByRole('button', { name: 'Build image' }).click();
    await expect(page.getByText(`e2e/built:1 ${outcome}`)).toBeVisible({ timeout: 60_000 });
    builds[name] = page.url();
  }
  await page.goto('/images');
  await page.getByRole('button', { name: 'Check for updates' }).click();
  await expect(page.getByText('1 image has an update.')).toBeVisible();
}

for (const look of looks) {
  const { device, scheme, locale } = look;
  test.describe(`${device}, ${scheme}, ${locale}`, () => {
    // Without motion no picture is taken in the middle of one.
    test.use({ viewport: devices[device], colorScheme: scheme, locale, contextOptions: { reducedMotion: 'reduce' } });

    test('every page and dialog for images fits', async ({ page }) => {
      test.setTimeout(180_000);
      const mistakes: string[] = [];
      page.on('pageerror', (error) => mistakes.push(`${page.url()}: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') mistakes.push(`${page.url()}: ${message.text()}`);
      });
      const words = wordsOf[locale];
      const picture = async (name: string, fullPage = true) => {
        await expectNoSidewaysScroll(page, name);
        await page.screenshot({ path: picturePath(look, name), fullPage, ...(fullPage && { style: barsAtTheirEnds }) });
      };

      await page.goto('/images');
      await expect(page.getByRole('row').nth(2)).toBeVisible();
      await picture('images');
      await page.getByRole('checkbox').nth(1).click();
      await page.getByRole('checkbox').nth(2).click();
      await picture('images-selected');
      await page.getByRole('button', { name: words.pull }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('textbox').fill(`${registry.host}/team/web:1`);
      await picture('image-pull', false);
      await dialog.locator('button[type=submit]').click();
      await expect(dialog.getByRole('link')).toBeVisible();
      await picture('image-pulled', false);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: words.cleanUp }).click();
      await expect(page.getByRole('alertdialog').getByRole('listitem').first()).toBeVisible();
      await picture('image-prune', false);
      await page.keyboard.press('Escape');

      await page.goto('/images?q=team');
      await page
        .getByRole('row')
        .getByRole('link', { name: /team\/web:1/ })
        .first()
        .click();
      await expect(page.getByRole('heading', { level: 1, name: /team\/web:1/ })).toBeVisible();
      await picture('image');
      await page.goto('/images?q=built');
      await page
        .getByRole('row')
        .getByRole('link', { name: /built:1/ })
        .first()
        .click();
      await expect(page.getByRole('heading', { level: 1, name: /built:1/ })).toBeVisible();
      await picture('image-built');
      await page.getByRole('button', { name: words.remove, exact: true }).click();
      await expect(page.getByRole('alertdialog')).toBeVisible();
      await picture('image-remove', false);

      await page.goto('/images/registries');
      await picture('registries');
      await page.getByRole('button', { name: new RegExp(`^${words.edit} `) }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
      await picture('registry-edit', false);
      await page.goto('/images/build');
      await picture('build');
      await page.getByRole('button', { name: words.context }).click();
      await picture('build-context');

      for (const [name, place] of Object.entries(builds)) {
        await page.goto(place);
        await expect(page.getByRole('log')).toContainText('FROM');
        await picture(name);
      }
      await page.goto('/containers');
      await picture('containers-outdated');
      await page.getByRole('row').getByRole('link', { name: containerName }).click();
      await page.getByRole('button', { name: words.update }).click();
      await expect(page.getByRole('alertdialog')).toBeVisible();
      await picture('container-recreate', false);
      expect(mistakes).toEqual([]);
    });
  });
}

const english = {
  pull: 'Pull image',
  cleanUp: 'Clean up',
  remove: 'Remove',
  edit: 'Edit',
  context: /Context/,
  update: 'Update',
};
const wordsOf = {
  'en-GB': english,
  'pl-PL': {
    pull: 'Pobierz obraz',
    cleanUp: 'Posprzątaj',
    remove: 'Usuń',
    edit: 'Edytuj',
    context: /Kontekst/,
    update: 'Zaktualizuj',
  },
};
