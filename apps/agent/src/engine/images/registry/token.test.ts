import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Credentials } from './credentials.ts';
import { isTrusted, readToken, tokenRequest } from './token.ts';

const user: Credentials = {
  username: 'joe',
  password: 'geheim',
  identityToken: '',
  registryToken: '',
  serverAddress: '',
};
const asked = {
  challenge: { scheme: 'bearer', realm: 'https://auth.docker.io/token?x=1', service: 'registry', scope: '' },
  scopes: ['repository:a/b:pull', 'repository:c:pull'],
  credentials: null,
  registryHost: 'registry-1.docker.io',
  tokenServers: [],
  wantsIdentityToken: false,
} as const;

test('a token is asked for without, with a password, and with an identity token', () => {
  const scopes = [...asked.scopes];
  const anonymous = tokenRequest({ ...asked, scopes });
  assert.equal(
    anonymous.url.href,
    'https://auth.docker.io/token?x=1&service=registry&scope=repository%3Aa%2Fb%3Apull&scope=repository%3Ac%3Apull',
  );
  assert.deepEqual(anonymous.headers, {});
  const signed = tokenRequest({ ...asked, scopes, credentials: user });
  assert.deepEqual(signed.headers, { Authorization: `Basic ${Buffer.from('joe:geheim').toString('base64')}` });
  assert.equal(signed.url.searchParams.get('account'), 'joe');
  const refreshed = tokenRequest({ ...asked, scopes, credentials: { ...user, identityToken: 'idt' } });
  assert.equal(refreshed.method, 'POST');
  assert.equal(refreshed.url.href, asked.challenge.realm);
  assert.equal(new URLSearchParams(refreshed.body?.toString()).get('refresh_token'), 'idt');
  assert.equal(new URLSearchParams(refreshed.body?.toString()).get('scope'), scopes.join(' '));
});

test('credentials go to a token server of the same owner only', () => {
  const cases: [string, string, boolean][] = [
    ['https://auth.docker.io/token', 'registry-1.docker.io', true],
    ['https://gitlab.com/jwt/auth', 'registry.gitlab.com', true],
    ['https://auth.example.co.uk/', 'registry.example.co.uk', true],
    ['https://evil.co.uk/', 'registry.example.co.uk', false],
    ['https://127.0.0.1:9/', '127.0.0.1:5000', true],
    ['https://10.0.0.2/', '10.0.0.1', false],
    ['https://attacker.com/', 'registry-1.docker.io', false],
    ['https://docker.io.attacker.com/', 'registry-1.docker.io', false],
    ['https://evildocker.io/', 'registry-1.docker.io', false],
    ['https://named.elsewhere.net/', 'registry.example.com', true],
    ['https://registry/', 'registry:5000', true],
    ['https://other/', 'registry:5000', false],
  ];
  for (const [realm, registry, expected] of cases) {
    assert.equal(isTrusted(new URL(realm), registry, ['named.elsewhere.net']), expected, `${realm} ${registry}`);
  }
  const challenge = { ...asked.challenge, realm: 'https://attacker.com/token' };
  assert.throws(
    () => tokenRequest({ ...asked, challenge, scopes: [], credentials: user }),
    /the credentials were not sent/,
  );
  assert.doesNotThrow(() => tokenRequest({ ...asked, challenge, scopes: [] }));
  assert.throws(
    () => tokenRequest({ ...asked, challenge: { ...challenge, realm: 'nonsense' }, scopes: [] }),
    /no address/,
  );
});

test('a token server’s answer is read with bounds', () => {
  const url = new URL('https://auth.docker.io/token');
  assert.deepEqual(readToken('{"token":"abc"}', url, 1000), { text: 'abc', expiresAt: 61_000, identityToken: '' });
  assert.equal(readToken('{"access_token":"abc","expires_in":300}', url, 0).expiresAt, 300_000);
  assert.equal(readToken('{"token":"abc","expires_in":1e300}', url, 0).expiresAt, 24 * 3600_000);
  for (const body of ['', '[]', '{}', '{"token":""}', '{"token":"a\\r\\nHost: evil"}', '{"token":1}']) {
    assert.throws(() => readToken(body, url, 0), /answered without a token/, body);
  }
});
