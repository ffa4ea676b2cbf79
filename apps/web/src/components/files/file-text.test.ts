import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EditorState } from '@codemirror/state';
import { decodeText, lineSeparatorOf } from './file-text.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('text is UTF-8 without NUL', () => {
  assert.equal(decodeText(bytes('zażółć\n')), 'zażółć\n');
  assert.equal(decodeText(bytes('')), '');
  assert.equal(decodeText(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0)), null);
  assert.equal(decodeText(Uint8Array.of(0xff, 0xfe)), null);
  assert.equal(decodeText(bytes('żó').subarray(0, 3)), null);
});

test('what the editor is given comes out byte for byte', () => {
  const texts = [
    '',
    'a',
    'a\n',
    'a\nb\n',
    'a\r\nb\r\n',
    'a\r\nb\n',
    'a\rb',
    'a\r\r\nb\r\n',
    '\n\n',
    '\r\n',
    '\ufeffa\n',
    'a\u2028b\n',
  ];
  for (const text of texts) {
    const read = decodeText(bytes(text));
    assert.ok(read !== null);
    const state = EditorState.create({
      doc: read,
      extensions: EditorState.lineSeparator.of(lineSeparatorOf(read)),
    });
    assert.deepEqual(bytes(state.sliceDoc()), bytes(text), JSON.stringify(text));
  }
});
