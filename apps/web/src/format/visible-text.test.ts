import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visibleParts, visibleText } from './visible-text.ts';

test('plain names, of any script, stay as they are', () => {
  for (const name of ['nginx.conf', 'zażółć gęślą', '日本語', 'a b', '<script>alert(1)</script>', '😀', '']) {
    assert.equal(visibleText(name), name);
    assert.ok(visibleParts(name).every((part) => !part.isMark));
  }
});

test('what is not seen or moves other characters is shown', () => {
  assert.equal(visibleText('a\nb\r\t\0\u001b[31m'), 'a\\nb\\r\\t\\0\\e[31m');
  assert.equal(visibleText('cod\u202egpj.exe'), 'codU+202Egpj.exe');
  assert.equal(
    visibleText('a\u200bb\u2066c\ufeffd\u00ade\u2028f\u007f\u0085'),
    'aU+200BbU+2066cU+FEFFdU+00ADeU+2028fU+007FU+0085',
  );
  assert.equal(visibleText('\ud800x'), 'U+D800x');
  assert.equal(visibleText('a\u00a0b\u3000'), 'aU+00A0bU+3000');
});

test('spaces at the ends are seen', () => {
  assert.equal(visibleText('  .ssh '), '␠␠.ssh␠');
  assert.equal(visibleText(' '), '␠');
});

test('the parts tell which is a mark', () => {
  assert.deepEqual(visibleParts('a\n'), [
    { text: 'a', isMark: false },
    { text: '\\n', isMark: true },
  ]);
});
