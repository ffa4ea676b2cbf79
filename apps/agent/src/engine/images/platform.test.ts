import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose, hostPlatform, parsePlatform } from './platform.ts';

test('platforms are read as they are written, short or long', () => {
  assert.equal(parsePlatform(null), null);
  assert.equal(parsePlatform(''), null);
  assert.deepEqual(parsePlatform('linux'), hostPlatform());
  assert.deepEqual(parsePlatform('aarch64'), { os: 'linux', architecture: 'arm64' });
  assert.deepEqual(parsePlatform('linux/arm/v7'), { os: 'linux', architecture: 'arm', variant: 'v7' });
  assert.deepEqual(parsePlatform('{"os":"linux","architecture":"arm64","variant":"v8"}'), {
    os: 'linux',
    architecture: 'arm64',
    variant: 'v8',
  });
  for (const wrong of ['a/b/c/d', 'linux/', 'linux/a b', '{"os":1}', '{'])
    assert.throws(() => parsePlatform(wrong), /platform/);
});

test('of an index the entry that fits is chosen, never an attestation', () => {
  const entry = (os: string, architecture: string, variant?: string) => ({
    name: `${os}/${architecture}/${variant}`,
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
  });
  const entries = [
    entry('unknown', 'unknown'),
    entry('windows', 'amd64'),
    entry('linux', 'arm', 'v6'),
    entry('linux', 'arm', 'v7'),
    entry('linux', 'arm64', 'v8'),
    entry('linux', 'amd64'),
  ];
  const name = (os: string, architecture: string, variant?: string) =>
    choose(entries, { os, architecture, variant })?.name ?? null;
  assert.equal(name('linux', 'amd64'), 'linux/amd64/undefined');
  assert.equal(name('linux', 'arm', 'v7'), 'linux/arm/v7');
  assert.equal(name('linux', 'arm64'), 'linux/arm64/v8');
  assert.equal(name('linux', 'arm', 'v5'), null);
  assert.equal(name('linux', 's390x'), null);
});
