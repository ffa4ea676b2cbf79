// SELinux in enforcing mode on a distribution's kernel and policy: the container types of our module, and what they hold.
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runOnKernel, setup } from './run.mjs';
import { setup as setupPolicy } from './selinux.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const timeoutSeconds = 570;

before(async () => {
  await setup();
  await setupPolicy();
});

test('labels hold where SELinux enforces', { timeout: (timeoutSeconds + 20) * 1000 }, async () => {
  const node = path.join(root, 'node_modules/.bin/node');
  const files = ['packages/native/test/adversary/labels.test.ts', 'apps/agent/test/api/selinux.test.ts'];
  const command = [
    node,
    '--test',
    '--test-concurrency=1',
    '--test-reporter=tap',
    ...files.map((file) => path.join(root, file)),
  ];
  const chunks: Buffer[] = [];
  const { exitCode, why } = await runOnKernel(command, {
    selinux: true,
    timeoutSeconds,
    onOutput: (chunk) => chunks.push(chunk),
  });
  const output = `${Buffer.concat(chunks).toString()}${why ?? ''}`;
  const count = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? Number.NaN);
  for (const name of ['fail', 'cancelled', 'skipped']) assert.equal(count(name), 0, output);
  assert.ok(count('pass') > 10, output);
  assert.doesNotMatch(output, /not applicable: this kernel has no SELinux/);
  assert.equal(exitCode, 0, output);
});
