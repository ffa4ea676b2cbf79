// Pictures of every page for people to look at, in a folder that git ignores. What is tested: each page shows its
// heading, raises no error in the browser and does not scroll sideways.
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { barsAtTheirEnds, devices, expectNoSidewaysScroll, looks, picturePath } from './steps/pictures.ts';

const tabs = ['overview', 'charts', 'logs', 'terminal', 'files', 'processes', 'limits', 'inspect'];
const containerName = 'e2e-pictured';
/** What its isolation card has to say. */
const weakenedName = 'e2e-weakened';
const volumeName = 'e2e-volume';
/** Work that comes and goes: processor, memory and network, so that every chart has a line that moves. */
const load = `while true; do i=$((i+1)); printf "\\033[32mtick\\033[0m %s\\n" $i
  dd if=/dev/urandom of=/dev/shm/load bs=1M count=$((i % 7 * 3 + 2)) 2>/dev/null
  ping -q -c $((i % 4 + 1)) -i 0.1 -s 1400 $(ip route | cut -d " " -f 3 | head -n 1) >/dev/null
done`;

test.beforeAll(({ stack }) => {
  stack.agent.docker('load', '--input', stack.starterImage);
  const limits = [
    '--volume',
    `${volumeName}:/data`,
    '--memory',
    '64m',
    '--cpus',
    '0.5',
    '--publish',
    '80',
    '--label',
    'app=pictures',
  ];
  const image = ['busybox:latest', 'sh', '-c', load];
  stack.agent.docker('run', '--detach', '--name', containerName, ...limits, ...image);
  const weak = ['--pid', 'host', '--cap-add', 'NET_ADMIN', '--volume', '/etc:/host/etc', '--pids-limit', '-1'];
  stack.agent.docker('run', '--detach', '--name', weakenedName, ...weak, 'busybox:latest', 'sleep', '1000');
});

test.afterAll(({ stack }) => {
  stack.agent.docker('rm', '--force', containerName, weakenedName);
  stack.agent.docker('volume', 'rm', volumeName);
});

for (const { device, scheme, locale } of looks) {
  test.describe(`${device}, ${scheme}, ${locale}`, () => {
    test.use({ viewport: devices[device], colorScheme: scheme, locale });

    test('every page fits', async ({ page, stack, browser }) => {
      test.setTimeout(180_000);
      const mistakes: string[] = [];
      page.on('pageerror', (error) => mistakes.push(`${page.url()}: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') mistakes.push(`${page.url()}: ${message.text()}`);
      });
      const picture = (name: string) => picturePath({ device, scheme, locale }, name);

      for (const [name, place] of Object.entries(await places(page))) {
        await page.goto(place);
        await expect(page.getByRole('heading').first()).toBeVisible();
        if (name === 'container-terminal') await expect(page.locator('.xterm-rows')).toContainText('#');
        if (name === 'container-logs') await expect(page.getByRole('log')).toContainText('tick');
        if (name === 'container-files') await expect(page.getByRole('grid')).toContainText('etc');
        if (name === 'container-file') await expect(page.locator('.cm-content')).toContainText('root');
        if (name === 'volume-files')
          await expect(
            page.getByText('This directory is empty').or(page.getByText('Ten katalog jest pusty')),
          ).toBeVisible();
        if (name === 'container-processes')
          await expect(page.getByRole('cell', { name: /ping|dd/ }).first()).toBeVisible();
        if (name === 'container-overview' || name === 'container-charts') await chartsMove(page);
        await expectNoSidewaysScroll(page, name);
        await page.screenshot({ path: picture(name), fullPage: true, style: barsAtTheirEnds });
      }

      const visitor = await browser.newContext({
        baseURL: stack.url,
        colorScheme: scheme,
        viewport: devices[device],
        locale,
        storageState: { cookies: [], origins: [] },
      });
      const login = await visitor.newPage();
      await login.goto('/login');
      await expect(login.getByRole('main').getByRole('button').last()).toBeVisible();
      await expectNoSidewaysScroll(login, 'login');
      await login.screenshot({ path: picture('login'), fullPage: true });
      await visitor.close();
      // The browser reports the 404 itself.
      expect(mistakes.filter((line) => !line.includes('/nothing-is-here'))).toEqual([]);
    });
  });
}

async function places(page: Page): Promise<Record<string, string>> {
  await page.goto('/containers');
  const link = page.getByRole('row').getByRole('link', { name: containerName });
  await expect(link).toBeVisible();
  const container = await link.getAttribute('href');
  const weakened = await page.getByRole('row').getByRole('link', { name: weakenedName }).getAttribute('href');
  await page.goto('/hosts');
  const host = await page.getByRole('article').first().getByRole('link').getAttribute('href');
  return {
    hosts: '/hosts',
    'host-new': '/hosts/new',
    host: `${host}`,
    containers: '/containers',
    'container-weakened': `${weakened}`,
    'container-new': '/containers/new',
    images: '/images',
    volumes: '/volumes',
    'volume-new': '/volumes/new',
    volume: `${host}/volumes/${volumeName}`,
    'volume-files': `${host}/volumes/${volumeName}?tab=files`,
    'container-file': `${container}?tab=files&path=/etc&open=passwd`,
    events: '/events',
    audit: '/audit',
    'not-found': '/nothing-is-here',
    ...Object.fromEntries(tabs.map((tab) => [`container-${tab}`, `${container}?tab=${tab}`])),
  };
}

/** Charts whose newest figures have changed several times have lines, not dots. One alone may stand still: the processor
 * is at its limit all the time where the machine is slow. */
async function chartsMove(page: Page): Promise<void> {
  const figures = page.getByRole('figure');
  await expect(figures.first()).toContainText(/\d/);
  const seen = new Set<string>();
  await expect
    .poll(async () => seen.add((await figures.allTextContents()).join()).size, { timeout: 30_000 })
    .toBeGreaterThan(4);
}
