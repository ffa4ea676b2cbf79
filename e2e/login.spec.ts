import { expect, test } from './fixtures.ts';
import { administrator } from './stack.ts';
import { signIn, tryToSignIn } from './steps/login.ts';

test.use({ storageState: { cookies: [], origins: [] } });

test('a visitor without a session is led to the sign-in page', async ({ page }) => {
  for (const place of ['/hosts', '/containers', '/containers/new', '/images', '/audit', '/events']) {
    await page.goto(place);
    await expect(page).toHaveURL(/\/login/);
  }
});

test('a wrong password is refused with a readable message and no session', async ({ page }) => {
  await page.goto('/login');
  await tryToSignIn(page, { email: administrator.email, password: 'not the password' });
  await expect(page.getByRole('main').getByRole('alert')).toContainText(/password/i);
  await page.goto('/hosts');
  await expect(page).toHaveURL(/\/login/);
});

test('signing in leads to the hosts, signing out ends the session', async ({ page }) => {
  await signIn(page, administrator);
  await expect(page.getByRole('heading', { name: 'Hosts', level: 1 })).toBeVisible();
  await page.getByRole('button', { name: `Account menu of ${administrator.email}` }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto('/hosts');
  await expect(page).toHaveURL(/\/login/);
});

test('guessing one account’s password is slowed down with a message that says so', async ({ page }) => {
  await page.goto('/login');
  const alert = page.getByRole('main').getByRole('alert');
  // An account of its own, so that the limit does not lock out the tests that follow.
  await expect(async () => {
    await tryToSignIn(page, { email: 'guessed@example.test', password: 'guess' });
    await expect(alert).toContainText(/too many|try again/i, { timeout: 2000 });
  }).toPass({ timeout: 60_000, intervals: [0] });
});
