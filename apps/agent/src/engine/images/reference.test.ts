import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familiarName, parseReference, taggedName } from './reference.ts';

const sha256 = `sha256:${'f'.repeat(64)}`;
const sha512 = `sha512:${'f'.repeat(128)}`;

/** From the test-suite of distribution/reference: text, registry, repository there, familiar name, tag, digest. */
const valid: [string, string, string, string, (string | undefined)?, (string | undefined)?][] = [
  ['test_com', 'docker.io', 'library/test_com', 'test_com'],
  ['test.com:tag', 'docker.io', 'library/test.com', 'test.com', 'tag'],
  ['test.com:5000', 'docker.io', 'library/test.com', 'test.com', '5000'],
  ['test.com/repo:tag', 'test.com', 'repo', 'test.com/repo', 'tag'],
  ['test:5000/repo', 'test:5000', 'repo', 'test:5000/repo'],
  ['test:5000/repo:tag', 'test:5000', 'repo', 'test:5000/repo', 'tag'],
  [`test:5000/repo@${sha256}`, 'test:5000', 'repo', 'test:5000/repo', undefined, sha256],
  [`test:5000/repo:tag@${sha256}`, 'test:5000', 'repo', 'test:5000/repo', 'tag', sha256],
  [`test:5000/repo@${sha512}`, 'test:5000', 'repo', 'test:5000/repo', undefined, sha512],
  ['Uppercase.com/lowercase:tag', 'Uppercase.com', 'lowercase', 'Uppercase.com/lowercase', 'tag'],
  ['Uppercase/lowercase', 'Uppercase', 'lowercase', 'Uppercase/lowercase'],
  ['lowercase:Uppercase', 'docker.io', 'library/lowercase', 'lowercase', 'Uppercase'],
  ['domain/path/to/repo:tag', 'docker.io', 'domain/path/to/repo', 'domain/path/to/repo', 'tag'],
  ['dom1.foo.com/bar/baz/quux:long-tag', 'dom1.foo.com', 'bar/baz/quux', 'dom1.foo.com/bar/baz/quux', 'long-tag'],
  [
    'b.gcr.io/test.example.com/my-app:test.example.com',
    'b.gcr.io',
    'test.example.com/my-app',
    'b.gcr.io/test.example.com/my-app',
    'test.example.com',
  ],
  ['xn--n3h.com/myimage:xn--n3h.com', 'xn--n3h.com', 'myimage', 'xn--n3h.com/myimage', 'xn--n3h.com'],
  ['foo_bar.com:8080', 'docker.io', 'library/foo_bar.com', 'foo_bar.com', '8080'],
  ['foo/foo_bar.com:8080', 'docker.io', 'foo/foo_bar.com', 'foo/foo_bar.com', '8080'],
  ['192.168.1.1', 'docker.io', 'library/192.168.1.1', '192.168.1.1'],
  ['192.168.1.1:tag', 'docker.io', 'library/192.168.1.1', '192.168.1.1', 'tag'],
  ['192.168.1.1:5000/repo', '192.168.1.1:5000', 'repo', '192.168.1.1:5000/repo'],
  ['[2001:db8::1]/repo', '[2001:db8::1]', 'repo', '[2001:db8::1]/repo'],
  [
    '[2001:db8:1:2:3:4:5:6]:5000/repo:tag',
    '[2001:db8:1:2:3:4:5:6]:5000',
    'repo',
    '[2001:db8:1:2:3:4:5:6]:5000/repo',
    'tag',
  ],
  ['localhost/repo', 'localhost', 'repo', 'localhost/repo'],
  ['localhost', 'docker.io', 'library/localhost', 'localhost'],
  ['docker.io/busybox', 'docker.io', 'library/busybox', 'busybox'],
  ['docker.io/library/busybox', 'docker.io', 'library/busybox', 'busybox'],
  ['index.docker.io/busybox:1', 'docker.io', 'library/busybox', 'busybox', '1'],
  ['index.docker.io/private/moonbase', 'docker.io', 'private/moonbase', 'private/moonbase'],
  ['docker.io/library/foo/bar', 'docker.io', 'library/foo/bar', 'library/foo/bar'],
  ['docker/docker', 'docker.io', 'docker/docker', 'docker/docker'],
  ['foo__bar/a--b', 'docker.io', 'foo__bar/a--b', 'foo__bar/a--b'],
  [`a:${'t'.repeat(128)}`, 'docker.io', 'library/a', 'a', 't'.repeat(128)],
  [`x.com/${'a'.repeat(255)}`, 'x.com', 'a'.repeat(255), `x.com/${'a'.repeat(255)}`],
];

test('references are read as distribution/reference reads them', () => {
  for (const [text, domain, path, repository, tag = null, digest = null] of valid) {
    assert.deepEqual(parseReference(text), { domain, path, repository, tag, digest }, text);
    assert.deepEqual(parseReference(familiarName({ repository, tag, digest })).path, path, text);
  }
});

const invalid: [string, string][] = [
  ['', 'invalid reference format'],
  [':justtag', 'invalid reference format'],
  [`@${sha256}`, 'invalid reference format'],
  ['Foo', 'invalid reference format: repository name (library/Foo) must be lowercase'],
  [
    'test:5000/Uppercase/lowercase:tag',
    'invalid reference format: repository name (Uppercase/lowercase) must be lowercase',
  ],
  ['docker.io/Foo/bar', 'invalid reference format: repository name (Foo/bar) must be lowercase'],
  [`repo@sha256:${'f'.repeat(34)}`, 'invalid checksum digest length'],
  [`repo@sha256:${'F'.repeat(64)}`, 'invalid checksum digest format'],
  [`validname@invaliddigest:${'f'.repeat(128)}`, 'unsupported digest algorithm'],
  [`validname@constructor:${'f'.repeat(64)}`, 'unsupported digest algorithm'],
  ['repo@sha256:xyz', 'invalid reference format'],
  [`${'a/'.repeat(128)}a:tag`, 'invalid reference format: repository name must not be more than 255 characters'],
  ['a'.repeat(2000), 'invalid reference format'],
  ['f'.repeat(64), `invalid repository name (${'f'.repeat(64)}), cannot specify 64-byte hexadecimal strings`],
  ['aa/asdf$$^/aa', 'invalid reference format'],
  ['-foo/bar', 'invalid reference format'],
  ['foo-/bar', 'invalid reference format'],
  ['foo//bar', 'invalid reference format'],
  ['foo/bar-', 'invalid reference format'],
  ['foo___bar', 'invalid reference format'],
  ['foo..bar', 'invalid reference format'],
  ['_foo', 'invalid reference format'],
  ['foo.bar./x', 'invalid reference format'],
  ['example.com:port/foo', 'invalid reference format'],
  ['[fe80::1%eth0]/repo', 'invalid reference format'],
  ['[fe80::1%25eth0]:5000/repo', 'invalid reference format'],
  ['http://x.com/foo', 'invalid reference format'],
  ['user@x.com/foo', 'invalid reference format'],
  ['user:secret@x.com/foo', 'invalid reference format'],
  ['☃.com/foo', 'invalid reference format'],
  ['dоcker.io/foo', 'invalid reference format'],
  ['x.com/foo\r\nHost: evil', 'invalid reference format: repository name (foo\r\nHost) must be lowercase'],
  ['x.com/foo\r\n', 'invalid reference format'],
  ['x.com/foo\u0000', 'invalid reference format'],
  ['x.com/../etc', 'invalid reference format'],
  ['x.com/foo?x=1', 'invalid reference format'],
  [`a:${'t'.repeat(129)}`, 'invalid reference format'],
  ['a:-b', 'invalid reference format'],
  ['a:b:c', 'invalid reference format'],
  [`a@${sha256}@${sha256}`, 'invalid reference format'],
];

test('what is no reference is refused with Docker’s words', () => {
  for (const [text, message] of invalid) {
    assert.throws(() => parseReference(text), { kind: 'invalid-parameter', message }, JSON.stringify(text));
  }
});

test('a name without a tag means latest', () => {
  assert.equal(taggedName('docker.io/library/busybox'), 'busybox:latest');
  assert.equal(taggedName('localhost:5000/a:1'), 'localhost:5000/a:1');
});
