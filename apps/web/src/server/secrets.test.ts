import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openSecrets } from './secrets.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'berth-secrets-'));
test.after(() => rmSync(directory, { recursive: true }));
const file = (name: string) => path.join(directory, name);

test('what was sealed is opened again, also after a restart', () => {
  const sealed = openSecrets(file('a')).seal('p4ss wörd', 'registry.example.com');
  assert.ok(!sealed.includes('p4ss') && !Buffer.from(sealed, 'base64').toString('latin1').includes('p4ss'));
  assert.equal(openSecrets(file('a')).open(sealed, 'registry.example.com'), 'p4ss wörd');
});

test('the key is for its owner alone', () => {
  openSecrets(file('b'));
  assert.equal(statSync(file('b')).mode & 0o777, 0o600);
});

test('the same text is never sealed to the same bytes', () => {
  const secrets = openSecrets(file('c'));
  assert.notEqual(secrets.seal('x', 'y'), secrets.seal('x', 'y'));
});

test('a secret does not open for another registry, with another key, or changed', () => {
  const secrets = openSecrets(file('d'));
  const sealed = secrets.seal('p4ss', 'a.example.com');
  const changed = Buffer.from(sealed, 'base64');
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  assert.throws(() => secrets.open(sealed, 'b.example.com'), { kind: 'data-loss' });
  assert.throws(() => openSecrets(file('e')).open(sealed, 'a.example.com'), { kind: 'data-loss' });
  assert.throws(() => secrets.open(changed.toString('base64'), 'a.example.com'), { kind: 'data-loss' });
  assert.throws(() => secrets.open('', 'a.example.com'), { kind: 'data-loss' });
});

test('a damaged key file is told, and not replaced', () => {
  writeFileSync(file('f'), 'short');
  assert.throws(() => openSecrets(file('f')), /no key of 32 bytes/);
  assert.equal(statSync(file('f')).size, 5);
});
