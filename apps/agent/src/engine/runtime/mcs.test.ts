import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { openDatabase } from '../database.ts';
import { createMcsPairs, mcsSchema } from './mcs.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'berth-test-'));
after(() => rmSync(directory, { recursive: true }));

const open = (name: string) => openDatabase(path.join(directory, name), [mcsSchema]);

test('no two of 2,000 containers have the same pair, over restarts of the agent', () => {
  const seen = new Set<string>();
  for (let restart = 0; restart < 10; restart++) {
    const db = open('restarts.db');
    const pairs = createMcsPairs(db);
    for (let count = 0; count < 200; count++) {
      const level = pairs.reserve();
      const [, low, high] = /^s0:c(\d+),c(\d+)$/.exec(level) ?? [];
      assert.ok(low !== undefined && Number(low) < Number(high) && Number(high) < 1024, level);
      assert.ok(!seen.has(level), `${level} was given twice`);
      seen.add(level);
    }
    db.close();
  }
  assert.equal(seen.size, 2000);
});

test('two agents with one database do not get the same pair', () => {
  const [one, other] = [open('shared.db'), open('shared.db')];
  const seen = new Set<string>();
  for (let count = 0; count < 200; count++)
    for (const db of [one, other]) {
      const level = createMcsPairs(db).reserve();
      assert.ok(!seen.has(level));
      seen.add(level);
    }
  one.close();
  other.close();
});

test('all pairs but the reserved one are given out, then none, and a released one is given again', {
  timeout: 120_000,
}, () => {
  const db = open('full.db');
  const fill = db.prepare('INSERT INTO mcs_pairs (level) VALUES (?)');
  db.transaction(() => {
    for (let high = 1; high < 1024; high++)
      for (let low = 0; low < high; low++) if (high > 3 && high !== 1023) fill.run(`s0:c${low},c${high}`);
    for (let low = 0; low < 1022; low++) fill.run(`s0:c${low},c1023`);
  })();
  const pairs = createMcsPairs(db);
  const got = Array.from({ length: 6 }, () => pairs.reserve()).sort();
  assert.deepEqual(got, ['s0:c0,c1', 's0:c0,c2', 's0:c0,c3', 's0:c1,c2', 's0:c1,c3', 's0:c2,c3']);
  assert.throws(() => pairs.reserve(), /all pairs/);
  pairs.release('s0:c1,c2');
  assert.equal(pairs.reserve(), 's0:c1,c2');
  pairs.keepOnly(new Set(['s0:c1,c2']));
  assert.deepEqual(db.prepare('SELECT level FROM mcs_pairs').pluck().all(), ['s0:c1,c2']);
  db.close();
});
