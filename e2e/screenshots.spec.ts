// Pictures of every page for people to look at, in a folder that git ignores. What is tested: each page shows its
// heading, raises no error in the browser and does not scroll sideways.
import path from 'node:path';
import { expect, test } from './fixtures.ts';

const tabs = ['overview', 'charts', 'logs', 'terminal', 'processes', 'limits', 'inspect'];

for (const scheme of ['light', 'dark'] as const) {
  for (const [device, viewport] of Object.entries({
    desktop: { width: 1440, height: 900 },
    phone: { width: 375, height: 812 },
  })) {
    test(`every page fits a ${device} in ${scheme}`, async ({
      page,
      stack,
      browser,
      containerName,
      starterImageLoaded: _,
    }) => {
      test.setTimeout(180_000);
      const mistakes: string[] = [];
      page.on('pageerror', (error) => mistakes.push(`${page.url()}: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') mistakes.push(`${page.url()}: ${message.text()}`);
      });
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize(viewport);
      const command = 'i=0; while true; do i=$((i+1)); printf "\\033[32mtick\\033[0m %s\\n" $i; sleep 1; done';
      const limits = ['--memory', '64m', '--cpus', '0.5', '--publish', '80'];
      stack.agent.docker('run', '--detach', '--name', containerName, ...limits, 'busybox:latest', 'sh', '-c', command);

      await page.goto('/containers');
      const container = await page.getByRole('link', { name: containerName }).first().getAttribute('href');
      await page.goto('/hosts');
      const host = await page
        .getByRole('main')
        .getByRole('article')
        .first()
        .getByRole('link')
        .first()
        .getAttribute('href');
      const places: Record<string, string> = {
        hosts: '/hosts',
        'host-new': '/hosts/new',
        host: host ?? '',
        containers: '/containers',
        'container-new': '/containers/new',
        images: '/images',
        events: '/events',
        audit: '/audit',
        'not-found': '/nothing-is-here',
        ...Object.fromEntries(tabs.map((tab) => [`container-${tab}`, `${container}?tab=${tab}`])),
      };
      const picture = (name: string) => path.join(import.meta.dirname, 'screenshots', scheme, device, `${name}.png`);
      for (const [name, place] of Object.entries(places)) {
        await page.goto(place);
        await expect(page.getByRole('heading').first()).toBeVisible();
        if (name === 'container-terminal') await expect(page.getByText('Connected', { exact: true })).toBeVisible();
        if (name === 'container-logs') await expect(page.getByRole('log')).toContainText('tick');
        const sideways = await page.evaluate<number>(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        expect(sideways, `${name} scrolls sideways`).toBeLessThanOrEqual(0);
        await page.screenshot({ path: picture(name), fullPage: true });
      }
      const visitor = await browser.newContext({
        baseURL: stack.url,
        colorScheme: scheme,
        viewport,
        storageState: { cookies: [], origins: [] },
      });
      const login = await visitor.newPage();
      await login.goto('/login');
      await expect(login.getByRole('button', { name: 'Sign in' })).toBeVisible();
      await login.screenshot({ path: picture('login'), fullPage: true });
      await visitor.close();
      stack.agent.docker('rm', '--force', containerName);
      expect(mistakes.filter((line) => !line.includes('/nothing-is-here'))).toEqual([]);
    });
  }
}
