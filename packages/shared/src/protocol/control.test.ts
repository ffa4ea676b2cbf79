import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromAgent, fromServer, parseMessage, signedBytes } from './control.ts';

test('the signed bytes of two different subjects or nonces differ', () => {
  const text = (nonce: string, subject: string) => new TextDecoder().decode(signedBytes(nonce, subject));
  assert.equal(text('n', 's'), 'berth-agent-v1\0n\0s');
  assert.notEqual(text('a', 'bc'), text('ab', 'c'));
});

test('a message of an unknown type is ignored, so that a newer peer can be spoken to', () => {
  assert.equal(parseMessage(fromAgent, '{"type":"somethingNew","x":1}'), 'unknown');
});

test('a known type with a wrong shape, no type, or no JSON at all is malformed', () => {
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '7',
    '{"x":1}',
    '{"type":7}',
    '{"type":"hello"}',
    '{"type":"eventsAck","seq":1}x',
  ])
    assert.equal(parseMessage(fromAgent, text), 'malformed', text);
  assert.equal(parseMessage(fromServer, '{"type":"eventsAck","seq":-1}'), 'malformed');
});

test('a good message is what the schema says', () => {
  assert.deepEqual(parseMessage(fromServer, '{"type":"eventsAck","seq":3,"more":1}'), { type: 'eventsAck', seq: 3 });
});
