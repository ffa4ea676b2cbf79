import assert from 'node:assert/strict';
import { test } from 'node:test';
import en from '../../messages/en.json' with { type: 'json' };
import pl from '../../messages/pl.json' with { type: 'json' };
import { chooseLocale } from './locale.ts';

function entries(node: object, path = ''): [string, string][] {
  return Object.entries(node).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as [string, string]] : entries(value, `${path}${key}.`),
  );
}
/** The names in braces and the tags: what the code hands in. */
const slots = (text: string) => [...new Set(text.match(/(?<=\{)\w+(?=[,}])|<\w+>/g))].sort();

test('both languages say the same things', () => {
  assert.deepEqual(
    entries(pl)
      .map(([key]) => key)
      .sort(),
    entries(en)
      .map(([key]) => key)
      .sort(),
  );
});

test('each text of a language takes what the other takes', () => {
  const polish = new Map(entries(pl));
  for (const [key, text] of entries(en)) assert.deepEqual(slots(polish.get(key) ?? ''), slots(text), key);
});

test('the chosen language wins over the browser’s, and an unknown one falls back', () => {
  assert.equal(chooseLocale('pl', 'en'), 'pl');
  assert.equal(chooseLocale(undefined, 'de-DE,pl;q=0.8'), 'pl');
  assert.equal(chooseLocale('xx', null), 'en');
});
