import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChallenge } from './challenge.ts';

const bearer = (realm: string, service = '', scope = '') => ({ scheme: 'bearer', realm, service, scope });

test('challenges are read as registries write them', () => {
  const cases: [string | undefined, unknown][] = [
    [undefined, null],
    ['', null],
    ['Basic realm="Registry Realm"', { scheme: 'basic' }],
    ['basic', { scheme: 'basic' }],
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
      bearer('https://auth.docker.io/token', 'registry.docker.io'),
    ],
    [
      'bearer Realm = "https://a/t?x=1,2" , service=a, scope="repository:a/b:pull,push repository:c:pull",error="invalid_token"',
      bearer('https://a/t?x=1,2', 'a', 'repository:a/b:pull,push repository:c:pull'),
    ],
    ['Basic realm="a\\"b", Bearer realm="https://x/"', bearer('https://x/')],
    ['Negotiate, Basic realm=x', { scheme: 'basic' }],
    ['Bearer service="no realm"', null],
    ['Digest realm="x", nonce="y"', null],
    ['Bearer realm="unfinished', null],
    [`Bearer realm="${'x'.repeat(9000)}"`, null],
  ];
  for (const [header, expected] of cases) assert.deepEqual(parseChallenge(header), expected, header);
});

test('a challenge made to be slow is read at once', () => {
  const began = performance.now();
  parseChallenge(`Bearer ${'a="\\'.repeat(2000)}`);
  parseChallenge(`Basic ${' ,'.repeat(4000)}`);
  assert.ok(performance.now() - began < 200);
});
