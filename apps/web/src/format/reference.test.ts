import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReference, isRegistryName, registryName, registryOf, splitReference, taggedName } from './reference.ts';

test('the registry of a reference is the one Docker would ask', () => {
  const cases = {
    busybox: 'docker.io',
    'library/busybox:1': 'docker.io',
    'docker.io/library/busybox': 'docker.io',
    'index.docker.io/a/b': 'docker.io',
    'ghcr.io/a/b:1': 'ghcr.io',
    'localhost/a': 'localhost',
    'localhost:5000/a:1@sha256:00': 'localhost:5000',
    '127.0.0.1:5000/a/b': '127.0.0.1:5000',
    'a/b/c': 'docker.io',
  };
  for (const [reference, registry] of Object.entries(cases)) assert.equal(registryOf(reference), registry, reference);
});

test('a port is no tag', () => {
  assert.deepEqual(splitReference('localhost:5000/a'), { repository: 'localhost:5000/a', tag: null, digest: null });
  assert.deepEqual(splitReference('a:1@sha256:ff'), { repository: 'a', tag: '1', digest: 'sha256:ff' });
});

test('a registry is named in one form', () => {
  assert.equal(registryName(' https://GHCR.io/v2/ '), 'ghcr.io');
  assert.equal(registryName('https://index.docker.io/v1/'), 'docker.io');
  assert.ok(isRegistryName('localhost:5000') && isRegistryName('[::1]:5000') && isRegistryName('a.example.com'));
  assert.ok(!isRegistryName('') && !isRegistryName('a b') && !isRegistryName('a.example.com:port'));
});

test('what the engine would refuse as a reference is known before it is asked', () => {
  for (const good of ['busybox', 'a/b:1.2_3-x', 'LOCALHOST:5000/a', `a@sha256:${'0'.repeat(64)}`])
    assert.ok(isReference(good), good);
  for (const bad of ['', 'Busybox', 'a b', 'a:', 'a:-x', 'a@sha256:1', '../x', 'a//b'])
    assert.ok(!isReference(bad), bad);
});

test('a name is compared in the form the engine lists it in', () => {
  assert.equal(taggedName('docker.io/library/busybox'), 'busybox:latest');
  assert.equal(taggedName('ghcr.io/library/x:1'), 'ghcr.io/library/x:1');
  assert.equal(taggedName(`busybox@sha256:${'0'.repeat(64)}`), null);
  assert.equal(taggedName('sha256:00'), 'sha256:00');
});
