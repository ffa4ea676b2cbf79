import { readFileSync } from 'node:fs';
import { expect, test } from './fixtures.ts';
import { imageRow, removeImage, uploadImage } from './steps/images.ts';

test('an uploaded tarball becomes an image, and can be removed again', async ({ page, stack }) => {
  await uploadImage(page, stack.starterImage);
  await expect(imageRow(page, 'busybox:latest')).toBeVisible();
  expect(stack.agent.docker('images', '--format', '{{.Repository}}:{{.Tag}}')).toContain('busybox:latest');
  await removeImage(page, 'busybox:latest');
  await expect(imageRow(page, 'busybox:latest')).toHaveCount(0);
  expect(stack.agent.docker('images', '--quiet')).toBe('');
});

test('a tarball that ends in the middle gives a readable error and no image', async ({ page, stack }) => {
  const whole = readFileSync(stack.starterImage);
  const buffer = whole.subarray(0, Math.floor(whole.length / 2));
  await uploadImage(page, { name: 'half.tar', mimeType: 'application/x-tar', buffer });
  const alert = page.getByRole('main').getByRole('alert');
  await expect(alert).toContainText('half.tar was not loaded');
  await expect(alert).not.toContainText(/undefined|\[object/);
  expect(stack.agent.docker('images', '--all', '--quiet')).toBe('');
});

test('a file that is no tarball gives a readable error', async ({ page }) => {
  const buffer = Buffer.from('These are not the bytes of a tarball.\n'.repeat(100));
  await uploadImage(page, { name: 'notes.tar', mimeType: 'application/x-tar', buffer });
  await expect(page.getByRole('main').getByRole('alert')).toContainText('notes.tar was not loaded');
});
