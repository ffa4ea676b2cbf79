import { expect, test } from './fixtures.ts';
import {
  act,
  actAndConfirm,
  createContainer,
  openTab,
  state,
  terminalText,
  typeInTerminal,
} from './steps/containers.ts';
import { createToken, hostCards } from './steps/hosts.ts';

test('the host of the local agent is online, with its kernel and how isolated it can make containers', async ({
  page,
}) => {
  await page.goto('/hosts');
  const card = hostCards(page).first();
  await expect(card.getByText('Online')).toBeVisible();
  await expect(card.getByRole('meter', { name: 'Memory' })).toBeVisible();
  await card.getByRole('link').first().click();
  await expect(page.getByRole('heading', { name: 'Isolation' })).toBeVisible();
  await expect(page.getByText('User namespaces')).toBeVisible();
});

test('a container goes on while its agent is dead, and the dashboard says the host is offline', async ({
  page,
  stack,
  containerName,
  starterImageLoaded: _,
}) => {
  await createContainer(page, {
    name: containerName,
    command: "sh -c 'i=0; while true; do i=$((i+1)); echo tick $i; sleep 1; done'",
  });
  await expect(state(page, 'Running')).toBeVisible();
  const pid = Number(stack.agent.docker('inspect', '--format', '{{.State.Pid}}', containerName));

  await stack.agent.kill();
  await expect(page.getByText(/is offline\./)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('button', { name: 'Stop', exact: true })).toBeDisabled();
  process.kill(pid, 0);

  await stack.agent.start();
  await expect(page.getByText(/is offline\./)).toBeHidden({ timeout: 60_000 });
  expect(Number(stack.agent.docker('inspect', '--format', '{{.State.Pid}}', containerName))).toBe(pid);
  // Lines written while no agent lived are in the log, without a gap.
  const ticks = stack.agent.docker('logs', containerName).split('\n');
  expect(ticks).toEqual(ticks.map((_line, index) => `tick ${index + 1}`));
  await openTab(page, 'Terminal');
  await typeInTerminal(page, 'echo back-$((40+2))');
  await expect(terminalText(page)).toContainText('back-42');
  await actAndConfirm(page, 'Remove', containerName);
  await expect(page).toHaveURL(/\/containers$/);
});

test('the dashboard dies and returns, and nothing that happened meanwhile is missing', async ({
  page,
  stack,
  containerName,
  starterImageLoaded: _,
}) => {
  await stack.killWeb();
  stack.agent.docker('run', '--detach', '--name', containerName, 'busybox:latest', 'sleep', '1000');
  await stack.startWeb();
  await page.goto('/containers');
  await expect(page.getByRole('link', { name: containerName })).toBeVisible({ timeout: 60_000 });
  await page.getByRole('link', { name: containerName }).click();
  await expect(state(page, 'Running')).toBeVisible();
  await act(page, 'Pause');
  await expect(state(page, 'Paused')).toBeVisible();
  await act(page, 'Resume');
  await expect(state(page, 'Running')).toBeVisible();
  stack.agent.docker('rm', '--force', containerName);
});
