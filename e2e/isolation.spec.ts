import { expect, test } from './fixtures.ts';

test.beforeEach(({ starterImageLoaded: _ }) => {});

test('the create form says what is asked for before it is, and the container’s page after', async ({
  page,
  stack,
  containerName,
}) => {
  await page.goto('/containers/new');
  const words = page.getByText('It has rights of root beyond the default: NET_ADMIN.');
  await expect(words).toBeHidden();
  await page.getByLabel('Add capabilities').fill('net_admin');
  await expect(words).toBeVisible();
  await page.getByLabel('Network', { exact: true }).selectOption('host');
  await expect(
    page.getByText('It uses the host’s network: its addresses, its ports, its local services.'),
  ).toBeVisible();

  const weak = ['--cap-add', 'NET_ADMIN', '--network', 'host', '--volume', '/etc:/host/etc:ro'];
  stack.agent.docker('run', '--detach', '--name', containerName, ...weak, 'busybox:latest', 'sleep', '1000');
  await page.goto('/containers');
  await page.getByRole('link', { name: containerName }).click();
  await expect(page.getByText('It has rights of root beyond the default: CAP_NET_ADMIN.')).toBeVisible();
  await expect(page.getByText('It has paths of the host that matter: /etc → /host/etc.')).toBeVisible();
  await expect(page.getByText('Root inside is root on the host.')).toBeVisible();
  stack.agent.docker('rm', '--force', containerName);
});

test('a plain container has nothing weakened, and its ids are a range of its own', async ({
  page,
  stack,
  containerName,
}) => {
  stack.agent.docker('run', '--detach', '--name', containerName, 'busybox:latest', 'sleep', '1000');
  await page.goto('/containers');
  await page.getByRole('link', { name: containerName }).click();
  await expect(page.getByText('Nothing weakened')).toBeVisible();
  await expect(page.getByText(/its own range, \d{10}–\d{10} on the host/)).toBeVisible();
  stack.agent.docker('rm', '--force', containerName);
});

test('S6: markup and escapes in labels and arguments are shown as text', async ({ page, stack, containerName }) => {
  const markup = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
  const options = ['--label', `nasty=${markup}`, '--label', 'escape=\u001b]0;owned\u0007', '--env', `NASTY=${markup}`];
  stack.agent.docker(
    'run',
    '--detach',
    '--name',
    containerName,
    ...options,
    'busybox:latest',
    'sh',
    '-c',
    'sleep 1000',
    markup,
  );
  await page.goto('/containers');
  await page.getByRole('link', { name: containerName }).click();
  await expect(page.getByText(markup).first()).toBeVisible();
  await expect(page).not.toHaveTitle(/owned/);
  expect(await page.locator('img[src="x"]').count()).toBe(0);
  stack.agent.docker('rm', '--force', containerName);
});
