import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandText, expandWord, expandWords, splitWords } from './words.ts';

const variables = new Map([
  ['A', 'one'],
  ['EMPTY', ''],
  ['BLANKS', '80 443'],
  ['QUOTED', '"$A"'],
]);

const words: [text: string, expected: string][] = [
  ['plain', 'plain'],
  ['$A', 'one'],
  ['${A}x', 'onex'],
  ['$Ax', ''],
  ['a$A/b', 'aone/b'],
  ['$NONE', ''],
  ['${NONE:-d}', 'd'],
  ['${EMPTY:-d}', 'd'],
  ['${EMPTY-d}', ''],
  ['${A:-d}', 'one'],
  ['${A:+d}', 'd'],
  ['${EMPTY:+d}', ''],
  ['${EMPTY+d}', 'd'],
  ['${NONE:+d}', ''],
  ['${NONE:-${A}}', 'one'],
  ['${NONE:-"a b"}', 'a b'],
  ['${A:?must}', 'one'],
  ["'$A'", '$A'],
  ['"$A"', 'one'],
  ['"\\$A"', '$A'],
  ['\\$A', '$A'],
  ['\\\\$A', '\\one'],
  ['"a\\b"', 'a\\b'],
  ['"a\\"b"', 'a"b'],
  ['a\\ b', 'a b'],
  ["it's fine'", 'its fine'],
  ['$', '$'],
  ['a$', 'a$'],
  ['$1x', 'x'],
  ['${1}x', 'x'],
  ['$QUOTED', '"$A"'],
  ['ą$A', 'ąone'],
  ['end\\', 'end'],
];
for (const [text, expected] of words) {
  test(`a word ${text} becomes ${expected}`, () => assert.equal(expandWord(text, variables, '\\'), expected));
}

const refused: [text: string, why: RegExp][] = [
  ['${A', /missing '}'/],
  ['${', /missing '}'|bad substitution/],
  ['${}', /bad substitution/],
  ['${:-a}', /bad substitution/],
  ['${A:-b', /missing '}'/],
  ['${A%b}', /unsupported modifier/],
  ['${NONE:?is needed}', /NONE: is needed/],
  ["'a", /single-quote/],
  ['"a', /double-quote/],
  ['${A:-'.repeat(40), /nested/],
];
for (const [text, why] of refused) {
  test(`a word ${text.slice(0, 20)} is refused`, () => assert.throws(() => expandWord(text, variables, '\\'), why));
}

test('the escape is the one of the directive', () => {
  assert.equal(expandWord('`$A\\b', variables, '`'), '$A\\b');
});

test('blanks of a variable make words, quoted they do not', () => {
  assert.deepEqual(expandWords('$BLANKS "$BLANKS" a', variables, '\\'), ['80', '443', '80 443', 'a']);
  assert.deepEqual(expandWords('  ', variables, '\\'), []);
});

test('in text quotes stand for themselves', () => {
  assert.equal(expandText(`it's "$A"`, variables, '\\'), `it's "one"`);
});

test('variables in variables end at a size', () => {
  const big = new Map([['A', 'x'.repeat(100_000)]]);
  assert.throws(() => expandWord('$A$A', big, '\\'), /larger than/);
});

test('a line is cut at blanks outside of quotes', () => {
  assert.deepEqual(splitWords(`a="b c" d='e f'  g\\ h ''`, '\\'), ['a="b c"', "d='e f'", 'g\\ h', "''"]);
});
