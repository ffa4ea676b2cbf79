import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLoadAnswer } from './load-answer.ts';

test('the last line the engine says is what was loaded', () => {
  const text = '{"stream":"Loading layer\\n"}\n{"stream":"Loaded image: busybox:latest\\n"}\n';
  assert.deepEqual(readLoadAnswer(200, text), { ok: true, value: 'Loaded image: busybox:latest' });
});

test('an error after the head was sent is still an error', () => {
  const text = '{"stream":"Loading layer\\n"}\n{"errorDetail":{"message":"unexpected EOF"},"error":"unexpected EOF"}\n';
  assert.deepEqual(readLoadAnswer(200, text), { ok: false, kind: 'system', message: 'unexpected EOF' });
});

test('a refusal tells its message, or at least its status', () => {
  assert.deepEqual(readLoadAnswer(413, '{"message":"The image is too large."}'), {
    ok: false,
    kind: 'system',
    message: 'The image is too large.',
  });
  assert.deepEqual(readLoadAnswer(502, '<html>'), { ok: false, kind: 'system', message: 'HTTP 502' });
});
