import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import {
  changeEntries,
  type Entry,
  encodeEntry,
  encodeFile,
  entryContents,
  hashEntries,
  isTarHeader,
} from './tar-entries.ts';

const entry = (changes: Partial<Entry>): Entry => ({
  name: 'file',
  type: '0',
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  mtimeSeconds: 1,
  linkName: '',
  device: { major: 0, minor: 0 },
  attributes: [],
  ...changes,
});
const end = Buffer.alloc(1024);

/** In pieces that cut everything. */
function pieces(archive: Buffer, bytes: number): Readable {
  return Readable.from(
    Array.from({ length: Math.ceil(archive.length / bytes) }, (_, at) =>
      archive.subarray(at * bytes, (at + 1) * bytes),
    ),
  );
}

async function entriesOf(archive: Buffer, bytes = 7): Promise<Entry[]> {
  const found: Entry[] = [];
  await buffer(
    pieces(archive, bytes).pipe(
      changeEntries((one) => {
        found.push(one);
        return one;
      }),
    ),
  );
  return found;
}

const strange = entry({
  name: `ł/${'x'.repeat(150)}`,
  uid: 3_000_000_000,
  gid: 3_000_000_001,
  mtimeSeconds: -5,
  attributes: [['SCHILY.xattr.user.a', Buffer.from([0, 10, 255])]],
});

test('what is written is read again, whatever the pieces', async () => {
  const plain = entry({ name: 'b', type: '2', linkName: 'ą' });
  const archive = Buffer.concat([encodeFile(strange, Buffer.from('content')), encodeEntry(plain), end]);
  for (const bytes of [1, 511, 512, 513, 100_000]) {
    assert.deepEqual(await entriesOf(archive, bytes), [{ ...strange, sizeBytes: 7 }, plain]);
  }
});

test('entries are changed, left out and put before', async () => {
  const archive = Buffer.concat([
    encodeFile(entry({ name: 'a' }), Buffer.from('aaa')),
    encodeFile(entry({ name: 'secret' }), Buffer.from('sss')),
    encodeFile(entry({ name: 'b' }), Buffer.alloc(600, 'b')),
    end,
  ]);
  const edited = await buffer(
    pieces(archive, 100).pipe(
      changeEntries(
        (one) => (one.name === 'secret' ? null : { ...one, uid: 7 }),
        [encodeEntry(entry({ name: 'd/', type: '5' }))],
      ),
    ),
  );
  assert.deepEqual(
    (await entriesOf(edited)).map(({ name, uid }) => [name, uid]),
    [
      ['d/', 0],
      ['a', 7],
      ['b', 7],
    ],
  );
  assert.equal(edited.includes('sss'), false);
  assert.equal(edited.length % 512, 0);
  assert.equal((await buffer(pieces(edited, 99).pipe(entryContents()))).toString(), `aaa${'b'.repeat(600)}`);
});

test('a hash is of names, modes, owners and contents, not of times', async () => {
  const hashOf = async (changes: Partial<Entry>, content = 'x') => {
    const { sink, digest } = hashEntries(() => false);
    await pipeline(pieces(Buffer.concat([encodeFile(entry(changes), Buffer.from(content)), end]), 50), sink);
    return digest();
  };
  const same = await hashOf({});
  assert.equal(await hashOf({ mtimeSeconds: 99 }), same);
  for (const other of [{ mode: 0o600 }, { uid: 1 }, { gid: 1 }, { name: 'other' }])
    assert.notEqual(await hashOf(other), same);
  assert.notEqual(await hashOf({}, 'y'), same);
});

test('an archive is known by its header', () => {
  assert.equal(isTarHeader(encodeEntry(entry({}))), true);
  assert.equal(isTarHeader(Buffer.alloc(512)), false);
  assert.equal(isTarHeader(Buffer.from('x'.repeat(512))), false);
  assert.equal(isTarHeader(Buffer.alloc(0)), false);
});
