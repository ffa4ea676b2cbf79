import { randomBytes } from 'node:crypto';
import { test as base, expect, type Page } from '@playwright/test';
import { administrator, type Stack, startStack } from './stack.ts';
import { signIn } from './steps/login.ts';

interface Fixtures {
  /** A page of a signed-in administrator. */
  page: Page;
  /** A container name that no other test uses. */
  containerName: string;
  /** The starter image is on the local host. */
  starterImageLoaded: undefined;
}

interface WorkerFixtures {
  stack: Stack;
  /** The session of the administrator, so that not every test spends a login. */
  session: Awaited<ReturnType<ReturnType<Page['context']>['storageState']>>;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  stack: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
    async ({}, use) => {
      const stack = await startStack();
      await use(stack);
      await stack.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  session: [
    async ({ browser, stack }, use) => {
      const context = await browser.newContext({ baseURL: stack.url });
      const page = await context.newPage();
      await signIn(page, administrator);
      await expect(page).not.toHaveURL(/login/);
      const state = await context.storageState();
      await context.close();
      await use(state);
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ stack }, use) => use(stack.url),
  storageState: async ({ session }, use) => use(session),
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
  containerName: async ({}, use) => use(`e2e-${randomBytes(4).toString('hex')}`),
  starterImageLoaded: async ({ stack }, use) => {
    stack.agent.docker('load', '--input', stack.starterImage);
    await use(undefined);
  },
});

export { expect };
