import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controlMessageBytesMax, type EngineEvent, fromAgent } from '@berth/shared/protocol/control';
import { fitEvents } from './fit-events.ts';

const event = (seq: number, attributes: Record<string, string>): EngineEvent => ({
  seq,
  type: 'container',
  action: 'start',
  actorId: 'a'.repeat(64),
  attributes,
  timeNano: '1',
});
const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`label${n}`, 'ż'.repeat(4096)]));

test('every batch fits a message and the schema, and no event is left out or overtaken', () => {
  const events = [
    event(1, {}),
    event(2, many(20)),
    event(3, many(1000)),
    event(4, { long: 'x'.repeat(1e6) }),
    event(5, { ['n'.repeat(1000)]: 'v' }),
  ];
  const sent: number[] = [];
  while (sent.length < events.length) {
    const batch = fitEvents(events.slice(sent.length));
    assert.ok(batch.length > 0);
    const message = JSON.stringify({ type: 'events', events: batch });
    assert.ok(Buffer.byteLength(message) <= controlMessageBytesMax);
    assert.ok(fromAgent.safeParse(JSON.parse(message)).success);
    sent.push(...batch.map(({ seq }) => seq));
  }
  assert.deepEqual(sent, [1, 2, 3, 4, 5]);
});

test('an event cut down keeps the name of what it is about', () => {
  const [cut] = fitEvents([event(1, { ...many(1000), name: 'web', exitCode: '137' })]);
  assert.deepEqual(cut?.attributes, { name: 'web', exitCode: '137' });
});
