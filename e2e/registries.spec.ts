import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from './fixtures.ts';
import { account, type Registry, startRegistry } from './registry.ts';
import { state } from './steps/containers.ts';
import { beginPull, imageRow, openImage } from './steps/images.ts';
import { addAccount, fillAccount } from './steps/registries.ts';

let registry: Registry;
test.beforeAll(async () => {
  registry = await startRegistry();
});
test.afterAll(async () => {
  await registry.stop();
});
test.beforeEach(({ starterImageLoaded: _ }) => {});
test.afterEach(({ stack }) => {
  const list = stack.agent.docker('images', '--format', '{{.Repository}}\t{{.ID}}').split('\n');
  const ids = list.filter((line) => line.startsWith(registry.host)).map((line) => line.split('\t')[1] ?? '');
  if (ids.length > 0) stack.agent.docker('rmi', '--force', ...new Set(ids));
});

test('an account is tried, kept where nobody can read it, and used for a push and a pull', async ({ page, stack }) => {
  const name = `${registry.host}/team/box:1`;

  await test.step('without an account the registry refuses, in its own words', async () => {
    stack.agent.docker('tag', 'busybox:latest', name);
    await openImage(page, name);
    await page
      .getByRole('main')
      .getByRole('button', { name: `Push ${name}` })
      .click();
    const alert = page.getByRole('dialog').getByRole('alert');
    await expect(alert).toContainText(`${name} was not pushed`);
    await expect(alert).toContainText(/denied|unauthorized|authentication required|no basic auth/i);
  });

  await test.step('a wrong password is told by the registry', async () => {
    await fillAccount(page, { host: registry.host, ...account, password: 'wrong' });
    await page.getByRole('button', { name: 'Test' }).click();
    await expect(page.getByRole('dialog').getByRole('alert')).toContainText('did not let us in');
    await page.getByLabel('Password or token').fill(account.password);
    await page.getByRole('button', { name: 'Test' }).click();
    await expect(page.getByText('The registry let us in.')).toBeVisible();
  });

  await test.step('the password is in no file as it is, and no page has it', async () => {
    await addAccount(page, { host: registry.host, ...account });
    const data = path.join(stack.directory, 'web');
    for (const file of readdirSync(data))
      expect(readFileSync(path.join(data, file)).includes(account.password)).toBe(false);
    expect(statSync(path.join(data, 'registries.key')).mode & 0o777).toBe(0o600);
    await page.reload();
    await expect(page.getByText(registry.host)).toBeVisible();
    expect(await page.content()).not.toContain(account.password);
    await page.getByRole('button', { name: `Edit ${registry.host}` }).click();
    await expect(page.getByLabel('Password or token')).toHaveValue('');
    await page.getByRole('button', { name: 'Test' }).click();
    await expect(page.getByText('The registry let us in.')).toBeVisible();
  });

  await test.step('push', async () => {
    await openImage(page, name);
    await page
      .getByRole('main')
      .getByRole('button', { name: `Push ${name}` })
      .click();
    await expect(page.getByRole('dialog').getByText(`${name} was pushed.`)).toBeVisible();
    await expect(page.getByRole('dialog').getByText(/^sha256:[0-9a-f]{64}$/)).toBeVisible();
  });

  await test.step('pull what is not here, and again', async () => {
    stack.agent.docker('rmi', name);
    const dialog = await beginPull(page, name);
    await expect(dialog.getByText(`${name} is on the host.`)).toBeVisible();
    await dialog.getByRole('link', { name: 'Open image' }).click();
    await expect(page.getByText(new RegExp(`${registry.host}/team/box@sha256`)).first()).toBeVisible();
    const again = await beginPull(page, name);
    await expect(again.getByText(`The host already has the newest ${name}.`)).toBeVisible();
  });

  await test.step('what the registry does not have is told', async () => {
    const dialog = await beginPull(page, `${registry.host}/team/box:none`);
    await expect(dialog.getByRole('alert')).toContainText(/not found|unknown/i);
  });

  await test.step('all of it is in the audit log, and the account can be removed', async () => {
    await page.goto('/images/registries');
    await page.getByRole('button', { name: `Remove ${registry.host}` }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await expect(page.getByText('No accounts yet')).toBeVisible();
    await page.goto('/audit');
    for (const words of ['Add registry', 'Test registry', 'Remove registry', 'Push image', 'Pull image'])
      await expect(page.getByRole('cell').filter({ hasText: words }).first()).toBeVisible();
  });
});

test('a newer image is noticed, and the container is made anew from it with its settings', async ({
  page,
  stack,
  containerName,
}) => {
  test.setTimeout(180_000);
  const name = `${registry.host}/team/clock:1`;
  const inspect = (format: string) => stack.agent.docker('inspect', '--format', format, containerName);
  const publish = (version: string, command: string) => {
    // A plain container of its own, committed: a new image with a new default command.
    const id = stack.agent.docker('create', 'busybox:latest');
    stack.agent.docker('commit', '--change', `ENV VERSION=${version}`, '--change', `CMD ${command}`, id, name);
    stack.agent.docker('rm', id);
    stack.agent.docker('--config', registry.dockerConfig, 'push', name);
  };
  const runs = '["sh", "-c", "echo version $VERSION; exec sleep 1000"]';
  await addAccount(page, { host: registry.host, ...account });

  publish('1', runs);
  stack.agent.docker(
    ...['run', '--detach', '--name', containerName, '--memory', '64m', '--env', 'OWN=kept', '--volume', '/data'],
    ...['--label', 'app=clock', '--restart', 'on-failure:3', name],
  );
  stack.agent.docker('exec', containerName, 'sh', '-c', 'echo precious > /data/file');
  const first = inspect('{{.Id}}');

  await test.step('nothing is newer', async () => {
    await page.goto('/images');
    await page.getByRole('button', { name: 'Check for updates' }).click();
    await expect(page.getByText('Everything is up to date.')).toBeVisible();
  });

  await test.step('the registry gets something newer, and it is seen', async () => {
    const id = inspect('{{.Image}}');
    publish('2', runs);
    // The host goes back to what it had: somebody else has pushed.
    stack.agent.docker('tag', id, name);
    await page.goto('/images');
    await page.getByRole('button', { name: 'Check for updates' }).click();
    await expect(page.getByText('1 image has an update.')).toBeVisible();
    await expect(imageRow(page, name).getByText('update', { exact: true })).toBeVisible();
  });

  await test.step('the container is updated', async () => {
    await page.goto('/containers');
    await page.getByRole('link', { name: containerName }).click();
    await page.getByRole('button', { name: 'Update' }).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByRole('combobox', { name: 'Watch the new one for' }).selectOption('5');
    await dialog.getByRole('button', { name: 'Update' }).click();
    await expect(page.getByText(`${containerName} runs the newest image.`)).toBeVisible({ timeout: 60_000 });
    await page.getByRole('link', { name: 'Open container' }).click();
    await expect(state(page, 'Running')).toBeVisible();
    await expect(page.getByText('A newer image is available')).toHaveCount(0);
  });

  await test.step('it has what it had, and what the new image brings', async () => {
    expect(inspect('{{.Id}}')).not.toBe(first);
    const settings = '{{.HostConfig.Memory}} {{.Config.Labels.app}} {{.HostConfig.RestartPolicy.Name}}';
    expect(inspect(settings)).toBe('67108864 clock on-failure');
    expect(stack.agent.docker('logs', containerName)).toContain('version 2');
    expect(stack.agent.docker('exec', containerName, 'sh', '-c', 'echo $OWN; cat /data/file')).toBe('kept\nprecious');
    expect(stack.agent.docker('ps', '--all', '--quiet', '--filter', `name=${containerName}`).split('\n')).toHaveLength(
      1,
    );
  });

  await test.step('an image that does not keep running leaves the container as it was', async () => {
    const before = inspect('{{.Id}}');
    publish('3', '["sh", "-c", "echo cannot work; exit 7"]');
    await page.reload();
    await page.getByRole('button', { name: 'Update' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Update' }).click();
    const alert = page.getByRole('main').getByRole('alert');
    await expect(alert).toContainText('ended with exit code 7', { timeout: 60_000 });
    await expect(alert).toContainText('The old container was put back.');
    await expect(page.getByRole('main')).toContainText('cannot work');
    expect(inspect('{{.Id}} {{.State.Running}}')).toBe(`${before} true`);
    expect(stack.agent.docker('exec', containerName, 'cat', '/data/file')).toBe('precious');
    expect(stack.agent.docker('ps', '--all', '--quiet', '--filter', `name=${containerName}`).split('\n')).toHaveLength(
      1,
    );
  });
  stack.agent.docker('rm', '--force', '--volumes', containerName);
});
