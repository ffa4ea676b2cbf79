import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteSize } from './byte-size.ts';

test('a size is a number and perhaps a unit', () => {
  const sizes = { '0': 0, '1': 1, '512k': 524_288, '10M': 10_485_760, '1.5gb': 1_610_612_736, '2TiB': 2 ** 41 };
  for (const [text, bytes] of Object.entries(sizes)) assert.equal(byteSize(text), bytes, text);
});

test('what is none is told from zero', () => {
  for (const text of ['', 'k', '-1', '1e3', '1 2', '0x10', '1kk', '99999999999999p', '1.', 'Infinity'])
    assert.equal(byteSize(text), null, text);
});
