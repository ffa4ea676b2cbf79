import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goMatch, hasWildcard, ignored } from './glob.ts';

const matching: [pattern: string, name: string, fits: boolean][] = [
  ['*', 'abc', true],
  ['*', 'a/b', false],
  ['a*c', 'abbbc', true],
  ['a*c', 'abbbd', false],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['[a-c]x', 'bx', true],
  ['[^a-c]x', 'bx', false],
  ['[^a-c]x', 'dx', true],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['.*', '.git', true],
  ['*', '.git', true],
  ['a.b', 'axb', false],
  ['(a|b)+', 'a', false],
];
for (const [pattern, name, fits] of matching) {
  test(`${pattern} ${fits ? 'fits' : 'does not fit'} ${name}`, () => assert.equal(goMatch(pattern)(name), fits));
}

test('broken patterns are refused', () => {
  for (const pattern of ['[', '[]a]', '[a', '[a-', 'a\\'])
    assert.throws(() => goMatch(pattern), /syntax error in pattern/);
});

test('what has a wildcard', () => {
  assert.deepEqual(['a*', 'a?', '[a]', 'a\\*', 'a'].map(hasWildcard), [true, true, true, false, false]);
});

test('a pattern of many stars takes no time', () => {
  const began = performance.now();
  assert.equal(goMatch(`${'*a'.repeat(100)}b`)('a'.repeat(255)), false);
  assert.equal(ignored(`${'**/*a'.repeat(100)}b`)('a/'.repeat(500)), false);
  assert.ok(performance.now() - began < 5000);
});

const rules: [file: string, path: string, isOut: boolean][] = [
  ['a', 'a', true],
  ['a', 'a/b', true],
  ['/a/', 'a/b', true],
  ['./a', 'a', true],
  ['b/../a', 'a', true],
  ['a', 'b/a', false],
  ['*.md', 'x.md', true],
  ['*.md', 'd/x.md', false],
  ['**/*.md', 'd/e/x.md', true],
  ['**/*.md', 'x.md', true],
  ['**/*.md', 'axmd', false],
  ['d/**', 'd/e/f', true],
  ['d/**/f', 'd/f', true],
  ['d/**/f', 'd/e/e/f', true],
  ['d/**/f', 'd/eef', false],
  ['*\n!README.md', 'README.md', false],
  ['*\n!README.md', 'other', true],
  ['*.md\n!README*.md\nREADME-secret.md', 'README-secret.md', true],
  ['d\n!d/keep', 'd/keep', false],
  ['d\n!d/keep', 'd/other', true],
  ['# a comment\n\n  \na', 'a', true],
  ['# a', '# a', false],
  ['.', 'a', false],
];
for (const [file, path, isOut] of rules) {
  test(`${JSON.stringify(file)} ${isOut ? 'leaves out' : 'keeps'} ${path}`, () =>
    assert.equal(ignored(file)(path), isOut));
}
