import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeSlot, idsPerContainer, parseSubordinateIds, uidBase } from './uid-ranges.ts';

test('U9: ten thousand containers have disjoint ranges, above the ids of the host and below 2^32 - 1', () => {
  const taken = new Set<number>();
  let end = 65_536;
  for (let i = 0; i < 10_000; i++) {
    const slot = freeSlot(taken, []);
    assert.ok(!taken.has(slot));
    taken.add(slot);
  }
  for (const base of [...taken].map(uidBase).sort((a, b) => a - b)) {
    assert.ok(base >= end, `${base} begins before ${end}`);
    end = base + idsPerContainer;
  }
  assert.ok(end <= 2 ** 32 - 1);
});

test('a range that was given back is given out again, and the last one is followed by a refusal', () => {
  const taken = new Set<number>();
  for (;;) {
    try {
      taken.add(freeSlot(taken, [{ start: 0, count: 2 ** 32 - 65_536 * 10 }]));
    } catch (error) {
      assert.match(String(error), /given out/);
      break;
    }
  }
  assert.ok(taken.size >= 8 && taken.size <= 10, `${taken.size}`);
  const [first = -1] = taken;
  taken.delete(first);
  assert.equal(freeSlot(taken, [{ start: 0, count: 2 ** 32 - 65_536 * 10 }]), first);
});

test('ranges of /etc/subuid are avoided, also where one only touches', () => {
  const ranges = parseSubordinateIds(`ann:100000:65536\n# a comment\nbob:${uidBase(0) + 65_535}:2\nbroken:x:1\n`);
  assert.equal(ranges.length, 2);
  assert.equal(freeSlot(new Set(), ranges), 2);
});
