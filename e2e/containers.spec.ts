import { expect, test } from './fixtures.ts';
import {
  act,
  actAndConfirm,
  createContainer,
  fillCreateForm,
  fillMemory,
  openTab,
  rename,
  state,
  terminalText,
  typeInTerminal,
} from './steps/containers.ts';

const mebibyte = 1024 * 1024;

test.beforeEach(({ starterImageLoaded: _ }) => {});

test('a container is made with a memory limit, watched, limited anew, stopped and removed', async ({
  page,
  stack,
  containerName,
}) => {
  const inspect = (format: string) => stack.agent.docker('inspect', '--format', format, containerName);

  await test.step('create', async () => {
    const command = "sh -c 'echo ready to work; while true; do sleep 0.2; done'";
    await createContainer(page, { name: containerName, command, memoryMib: 64 });
    await expect(state(page, 'Running')).toBeVisible();
    expect(inspect('{{.HostConfig.Memory}}')).toBe(String(64 * mebibyte));
  });

  await test.step('read its log', async () => {
    await openTab(page, 'Logs');
    await expect(page.getByRole('log')).toContainText('ready to work');
  });

  await test.step('find itself alone in its terminal', async () => {
    await openTab(page, 'Terminal');
    // The echoed line holds the words in quotes, the answers hold them with their values.
    await typeInTerminal(page, 'echo "pid1=$(cut -c1-2 /proc/1/comm)" "host=$(hostname)" "root=$(ls / | tr -d "\\n")"');
    await expect(terminalText(page)).toContainText('pid1=sh');
    await expect(terminalText(page)).toContainText(`host=${inspect('{{.Config.Hostname}}')}`);
    await expect(terminalText(page)).toContainText('root=bindevetc');
    await typeInTerminal(page, 'clear; echo "processes=$(ls -d /proc/[0-9]* | wc -l)."');
    await expect(terminalText(page)).toContainText(/processes=\d\./);
  });

  await test.step('see the load in the chart', async () => {
    await openTab(page, 'Charts');
    const cpu = page
      .getByRole('img', { name: /CPU/ })
      .or(page.locator('figure', { hasText: 'CPU cores' }))
      .first();
    await expect(cpu).toBeVisible();
    stack.agent.docker('exec', '--detach', containerName, 'sh', '-c', 'while true; do :; done');
    // A busy loop takes most of a core; before it the figure was next to nothing.
    await expect(async () => {
      const figures = ((await page.getByRole('main').textContent()) ?? '').match(/CPU[^\d]*(\d+(?:\.\d+)?)/);
      expect(Number(figures?.[1])).toBeGreaterThan(0.3);
    }).toPass({ timeout: 30_000 });
  });

  await test.step('see its processes', async () => {
    await openTab(page, 'Processes');
    await expect(page.getByRole('main')).toContainText('while true');
  });

  await test.step('change its limit while it runs', async () => {
    await openTab(page, 'Limits');
    await fillMemory(page, 96);
    await page.getByRole('button', { name: 'Save limits' }).click();
    await expect(page.getByText('The limits are in force.')).toBeVisible();
    expect(inspect('{{.HostConfig.Memory}}')).toBe(String(96 * mebibyte));
    expect(inspect('{{.State.Running}}')).toBe('true');
    await fillMemory(page, 1);
    await page.getByRole('button', { name: 'Save limits' }).click();
    await expect(page.getByText(/At least 6 MiB/)).toBeVisible();
  });

  await test.step('rename', async () => {
    await rename(page, containerName, 'no spaces');
    const dialog = page.getByRole('alertdialog');
    await expect(dialog.getByText(/Letters, digits/)).toBeVisible();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await rename(page, containerName, `${containerName}-anew`);
    await expect(page.getByRole('heading', { name: `${containerName}-anew` })).toBeVisible();
    expect(stack.agent.docker('inspect', '--format', '{{.Name}}', `${containerName}-anew`)).toBe(
      `/${containerName}-anew`,
    );
    await rename(page, `${containerName}-anew`, containerName);
    await expect(page.getByRole('heading', { name: containerName, exact: true })).toBeVisible();
  });

  await test.step('see what the engine knows', async () => {
    await openTab(page, 'Inspect');
    await expect(page.getByRole('main')).toContainText(inspect('{{.Id}}'));
  });

  await test.step('stop and remove', async () => {
    await act(page, 'Stop');
    await expect(state(page, 'Exited')).toBeVisible({ timeout: 30_000 });
    await actAndConfirm(page, 'Remove', containerName);
    await expect(page).toHaveURL(/\/containers$/);
    await expect(page.getByRole('link', { name: containerName })).toHaveCount(0);
    expect(stack.agent.docker('ps', '--all', '--quiet', '--filter', `name=${containerName}`)).toBe('');
  });

  await test.step('the audit log tells who did it', async () => {
    await page.goto('/audit');
    await expect(page.getByRole('main')).toContainText(containerName);
    await expect(page.getByRole('main')).toContainText('admin@example.test');
  });
});

test('a container that exceeds its memory limit is shown as killed for it', async ({ page, stack, containerName }) => {
  // A shell variable that doubles until the limit is met.
  const command = "sh -c 'x=a; while true; do x=$x$x; done'";
  await createContainer(page, { name: containerName, command, memoryMib: 32 });
  await expect(page.getByText('OOM killed').first()).toBeVisible({ timeout: 30_000 });
  await expect(state(page, 'Exited')).toBeVisible();
  expect(stack.agent.docker('inspect', '--format', '{{.State.OOMKilled}} {{.State.ExitCode}}', containerName)).toBe(
    'true 137',
  );
  await page.goto('/events');
  await expect(page.getByText('out of memory').first()).toBeVisible();
  stack.agent.docker('rm', '--force', containerName);
});

test('what the engine refuses is told in the create form, and nothing half-made stays', async ({
  page,
  stack,
  containerName,
}) => {
  stack.agent.docker('create', '--name', containerName, 'busybox:latest', 'true');
  await test.step('a name that is taken', async () => {
    await fillCreateForm(page, { name: containerName });
    await page.getByRole('button', { name: 'Create container' }).click();
    await expect(
      page
        .getByRole('main')
        .getByText(/already in use/)
        .first(),
    ).toBeVisible();
  });
  await test.step('an image that is not there', async () => {
    await fillCreateForm(page, { name: `${containerName}-x`, image: 'not-there:latest' });
    await page.getByRole('button', { name: 'Create container' }).click();
    await expect(
      page
        .getByRole('main')
        .getByText(/No such image/)
        .first(),
    ).toBeVisible();
  });
  await test.step('a limit too small to live with', async () => {
    await fillCreateForm(page, { name: `${containerName}-y`, memoryMib: 1 });
    await page.getByRole('button', { name: 'Create container' }).click();
    await expect(page.getByText(/At least 6 MiB/)).toBeVisible();
  });
  expect(stack.agent.docker('ps', '--all', '--format', '{{.Names}}', '--filter', `name=${containerName}`)).toBe(
    containerName,
  );
  stack.agent.docker('rm', containerName);
});

test('several containers are stopped and removed at once, after asking', async ({ page, stack, containerName }) => {
  const names = [`${containerName}-a`, `${containerName}-b`];
  for (const name of names) stack.agent.docker('run', '--detach', '--name', name, 'busybox:latest', 'sleep', '1000');
  await page.goto('/containers');
  await page.getByRole('searchbox', { name: 'Search containers' }).fill(containerName);
  await expect(page).toHaveURL(new RegExp(containerName));
  for (const name of names) await page.getByRole('checkbox', { name: `Select ${name}` }).click();
  const toolbar = page.getByRole('toolbar', { name: 'Actions for the selected containers' });
  await toolbar.getByRole('button', { name: 'Remove' }).click();
  const dialog = page.getByRole('alertdialog');
  for (const name of names) await expect(dialog).toContainText(name);
  await dialog.getByRole('button', { name: 'Remove' }).click();
  // It stays until the work is done, and hides what is behind it.
  await expect(dialog).toBeHidden();
  for (const name of names) await expect(page.getByRole('link', { name })).toHaveCount(0);
  expect(stack.agent.docker('ps', '--all', '--quiet', '--filter', `name=${containerName}`)).toBe('');
});
