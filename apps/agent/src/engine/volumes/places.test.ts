/** An exchange of a volume's content that breaks off is gone on with from wherever it was. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { createPlaces } from './places.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'berth-test-places-'));
after(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(() => rmSync(path.join(directory, 'volumes'), { recursive: true, force: true }));

/** Directories with files in them, whose content is their directory's name. */
function state(layout: Record<string, string[]>) {
  const places = createPlaces(directory);
  for (const [name, files] of Object.entries(layout)) {
    const place = name === 'staged' ? path.join(places.staging, name) : path.join(places.directory('v'), name);
    mkdirSync(place, { recursive: true });
    for (const file of files) {
      mkdirSync(path.join(place, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(place, file), file.endsWith('/old') ? 'old' : name);
    }
  }
  return places;
}

function outcome(): Record<string, string> {
  const own = path.join(directory, 'volumes/v');
  const names = readdirSync(own, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const file = path.join(own, name);
      return [name, statSync(file).isFile() ? readFileSync(file, 'utf8') : '/'];
    }),
  );
}

const states: [string, Record<string, string[]>][] = [
  ['nothing has happened yet', { incoming: ['new', 'd/new'], _data: ['old', 'd/old'] }],
  ['some went out', { incoming: ['new', 'd/new'], _data: ['d/old'], replaced: ['old'] }],
  ['all went out', { incoming: ['new', 'd/new'], _data: [], replaced: ['old', 'd/old'] }],
  ['the directory itself went out', { incoming: ['new', 'd/new'], replaced: ['old', 'd/old'] }],
];

for (const [what, layout] of states) {
  test(`what came in takes its place: ${what}`, async () => {
    await state(layout).finish('v');
    assert.deepEqual(outcome(), { _data: '/', '_data/d': '/', '_data/d/new': 'incoming', '_data/new': 'incoming' });
  });
}

test('some came in already, and a container has put something in the way', async () => {
  await state({ entering: ['d/new'], _data: ['new', 'd/other'], replaced: ['old'] }).finish('v');
  assert.deepEqual(outcome(), { _data: '/', '_data/d': '/', '_data/d/new': 'entering', '_data/new': '_data' });
});

test('nothing came in: what is there stays, what was replaced goes', async () => {
  await state({ _data: ['old'], replaced: ['older'] }).finish('v');
  assert.deepEqual(outcome(), { _data: '/', '_data/old': '_data' });
});

for (const isMounted of [false, true]) {
  test(`an exchange keeps the directory ${isMounted ? 'of a volume that is mounted' : 'of none else'}`, async () => {
    const places = state({ staged: ['new'], _data: ['old'] });
    const before = statSync(places.data('v')).ino;
    const staged = path.join(places.staging, 'staged');
    await places.exchange('v', staged, () => isMounted);
    assert.deepEqual(outcome(), { _data: '/', '_data/new': 'staged' });
    assert.equal(statSync(places.data('v')).ino === before, isMounted);
    assert.equal(existsSync(staged), false);
  });
}
