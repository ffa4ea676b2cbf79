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

test('a second host joins from a network of its own, and its token is good for no other', async ({
  page,
  stack,
  containerName,
}) => {
  const token = await createToken(page, 'second');
  const second = await stack.addAgent('second');
  await second.enrol(token);
  await second.start();
  await expect(page.getByText('second is connected.')).toBeVisible({ timeout: 30_000 });

  await test.step('it shows up as online', async () => {
    await page.goto('/hosts');
    await expect(hostCards(page).filter({ hasText: 'second' }).getByText('Online')).toBeVisible();
  });

  await test.step('a container there has the network of that host', async () => {
    second.docker('load', '--input', stack.starterImage);
    second.docker('run', '--detach', '--name', containerName, 'busybox:latest', 'sleep', '1000');
    await page.goto('/containers');
    await page.getByRole('link', { name: containerName }).click();
    await openTab(page, 'Terminal');
    await typeInTerminal(page, 'ip -4 address show eth0');
    await expect(terminalText(page)).toContainText(second.subnet.replace('.0/24', '.'));
  });

  await test.step('the used token is refused to an agent with another key', async () => {
    const third = await stack.addAgent('third');
    await expect(third.enrol(token)).rejects.toThrow(/refused the token: it is unknown, expired or used/);
    await third.destroy();
    await page.goto('/hosts');
    await expect(hostCards(page)).toHaveCount(2);
  });

  await test.step('it goes away, and is removed', async () => {
    await second.destroy();
    await page.goto('/hosts');
    const card = hostCards(page).filter({ hasText: 'second' });
    await expect(card.getByText('Offline')).toBeVisible({ timeout: 60_000 });
    await card.getByRole('link').first().click();
    await page.getByRole('main').getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await expect(page).toHaveURL(/\/hosts$/);
    await expect(card).toHaveCount(0);
  });
});
