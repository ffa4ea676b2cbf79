import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentDisposition } from './content-disposition.ts';

test('a plain name is itself in both forms', () => {
  assert.equal(contentDisposition('nginx.conf'), `attachment; filename="nginx.conf"; filename*=UTF-8''nginx.conf`);
});

test('other scripts stay readable, and are underscores for old clients', () => {
  assert.equal(
    contentDisposition('zażółć (1).txt'),
    `attachment; filename="za____ (1).txt"; filename*=UTF-8''za%C5%BC%C3%B3%C5%82%C4%87%20%281%29.txt`,
  );
});

test('no name ends the header, hides its end, turns its direction or climbs out of a folder', () => {
  for (const name of [
    'a"; x=".txt',
    'a\r\nSet-Cookie: x=1',
    '../../etc/passwd',
    'gpj.\u202eexe',
    '..',
    '',
    '\ud800',
    '\0',
  ]) {
    const header = contentDisposition(name);
    assert.match(header, /^attachment; filename="[^"\\/\r\n]+"; filename\*=UTF-8''[\w.%-]+$/);
    assert.doesNotMatch(decodeURIComponent(header), /[\u202e\r\n/]|"\.\.?"/);
  }
});

test('a long name is cut, and not in the middle of a character', () => {
  const header = contentDisposition('😀'.repeat(300));
  assert.ok(header.length < 2000);
  assert.doesNotThrow(() => decodeURIComponent(header));
});
