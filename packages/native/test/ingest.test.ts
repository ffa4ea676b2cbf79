/** A layer's way from a pipe into the store: both digests, what is kept of it, its limits, and streams that break off. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { closeFd, type IngestOptions, ingestLayer, openPipe, openRoot } from '../index.js';
import { archive, entry, pax } from './archives.ts';

const base = mkdtempSync(path.join(os.tmpdir(), 'berth-test-ingest-'));
const root = path.join(base, 'root');
const blob = path.join(base, 'blob');

beforeEach(() => {
  rmSync(root, { recursive: true, force: true });
  rmSync(blob, { force: true });
  mkdirSync(root, { mode: 0o755 });
});
after(() => rmSync(base, { recursive: true, force: true }));

const limits = { bytesMax: 1 << 30, entriesMax: 10_000, ratioMax: 2000, blobBytesMax: 1 << 30 };
const digest = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

interface Wanted {
  compress?: boolean;
  offset?: number;
  limits?: Partial<IngestOptions['limits']>;
  /** Bytes a write. */
  step?: number;
}

async function ingest(bytes: Buffer, wanted: Wanted = {}) {
  const blobFd = openSync(blob, existsSync(blob) ? 'r+' : 'w');
  const rootFd = openRoot(root);
  const [readEnd, writeEnd] = openPipe();
  const ingested = ingestLayer(readEnd, rootFd, {
    blob: { fd: blobFd, offset: wanted.offset ?? 0 },
    compress: wanted.compress ?? false,
    limits: { ...limits, ...wanted.limits },
  });
  closeFd(readEnd);
  const sink = createWriteStream('', { fd: writeEnd });
  // A layer that is refused closes its end: the rest finds nobody.
  sink.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => sink.once('close', () => resolve()));
  const step = wanted.step ?? bytes.length;
  for (let at = 0; at < bytes.length && !sink.destroyed; at += step) sink.write(bytes.subarray(at, at + step));
  sink.end();
  try {
    return await ingested;
  } finally {
    await closed;
    closeSync(blobFd);
    closeFd(rootFd);
  }
}

/** Some that compresses and some that does not, larger than any buffer on the way. */
const noise = Buffer.concat(
  Array.from({ length: 3000 }, (_, at) => createHash('sha512').update(String(at)).digest()).flatMap((part) => [
    part,
    Buffer.alloc(700, part[0]),
  ]),
);
const layer = archive(
  { name: 'etc/', type: '5', mode: 0o755 },
  { name: 'etc/motd', body: 'hello' },
  { name: 'noise', body: noise },
  { name: 'link', type: '2', link: 'noise' },
);
const streams = { none: layer, gzip: gzipSync(layer), zstd: zstdCompressSync(layer) } as const;

for (const [compression, bytes] of Object.entries(streams)) {
  test(`${compression}: kept as it came, hashed on both sides, applied`, async () => {
    const result = await ingest(bytes);
    assert.deepEqual(result, {
      blobDigest: digest(bytes),
      blobBytes: bytes.length,
      compression,
      diffId: digest(layer),
      bytes: noise.length + 5,
      entries: 4,
      hidesBelow: false,
    });
    assert.deepEqual(readFileSync(blob), bytes);
    assert.deepEqual(readFileSync(path.join(root, 'link')), noise);
  });

  test(`${compression}: in small pieces`, async () => {
    const small = archive({ name: 'a', body: 'x'.repeat(3000) }, { name: 'b', body: 'y' });
    const packed = { none: small, gzip: gzipSync(small), zstd: zstdCompressSync(small) }[compression] ?? small;
    for (const step of [1, 7, 511]) {
      rmSync(root, { recursive: true });
      mkdirSync(root);
      const result = await ingest(packed, { step });
      assert.deepEqual([result.blobDigest, result.diffId, result.entries], [digest(packed), digest(small), 2]);
    }
  });

  test(`${compression}: one that breaks off anywhere is refused, and one that is damaged`, async () => {
    const small = archive({ name: 'a', body: 'x'.repeat(3000) });
    const packed = { none: small, gzip: gzipSync(small), zstd: zstdCompressSync(small) }[compression] ?? small;
    // A tar may lack its end; that is for the digest to find.
    const last = compression === 'none' ? 512 + 2999 : packed.length - 1;
    for (let length = 1; length <= last; length += compression === 'none' ? 97 : 1) {
      rmSync(root, { recursive: true });
      mkdirSync(root);
      await assert.rejects(ingest(packed.subarray(0, length)), { code: 'EBADMSG' }, `${length} bytes`);
    }
  });
}

test('a download that is resumed: what is there already is hashed and applied, the rest is written', async () => {
  const bytes = streams.gzip;
  const offset = 40_000;
  writeFileSync(blob, bytes.subarray(0, offset));
  const result = await ingest(bytes, { offset });
  assert.equal(result.blobDigest, digest(bytes));
  assert.deepEqual(readFileSync(blob), bytes);
  // It is not written again: what is there belongs to whoever put it there.
  writeFileSync(blob, Buffer.alloc(bytes.length, 1));
  rmSync(root, { recursive: true });
  mkdirSync(root);
  await ingest(bytes, { offset: bytes.length });
  assert.deepEqual(readFileSync(blob), Buffer.alloc(bytes.length, 1));
});

test('compress keeps a plain archive as gzip, the same each time, and others as they are', async () => {
  const first = await ingest(layer, { compress: true });
  const kept = readFileSync(blob);
  assert.equal(first.compression, 'gzip');
  assert.deepEqual([first.blobDigest, first.blobBytes], [digest(kept), kept.length]);
  assert.equal(first.diffId, digest(layer));
  assert.deepEqual(gunzipSync(kept), layer);
  assert.ok(kept.length < layer.length / 2);
  assert.deepEqual(kept.subarray(0, 8), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]));
  const inspected = spawnSync('gzip', ['-t', '-N', '-l', '-v', blob], { encoding: 'utf8' });
  assert.equal(inspected.status, 0, inspected.stderr);
  rmSync(root, { recursive: true });
  mkdirSync(root);
  // However it arrives.
  for (const step of [1000, 65_537, 500_000]) {
    rmSync(blob);
    assert.deepEqual(await ingest(layer, { compress: true, step }), first);
    assert.deepEqual(readFileSync(blob), kept);
    rmSync(root, { recursive: true });
    mkdirSync(root);
  }
  const again = await ingest(streams.zstd, { compress: true });
  assert.deepEqual([again.compression, again.blobDigest], ['zstd', digest(streams.zstd)]);
});

test('several gzip members or zstd frames are one stream', async () => {
  const half = Math.floor(layer.length / 2);
  const parts = [layer.subarray(0, 1), layer.subarray(1, half), Buffer.alloc(0), layer.subarray(half)];
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  for (const bytes of [
    Buffer.concat(parts.map((part) => gzipSync(part))),
    Buffer.concat(parts.map((part) => zstdCompressSync(part))),
    Buffer.concat([skippable, ...parts.map((part) => zstdCompressSync(part)), skippable]),
  ]) {
    rmSync(root, { recursive: true });
    mkdirSync(root);
    for (const step of [bytes.length, 13_001]) {
      const result = await ingest(bytes, { step });
      assert.deepEqual([result.diffId, result.blobDigest], [digest(layer), digest(bytes)]);
    }
  }
});

test('a gzip header with name, comment and extra field is read', async () => {
  const plain = gzipSync(layer);
  const header = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 0x1c, 1, 2, 3, 4, 0, 3]),
    Buffer.from([4, 0, 9, 9, 9, 9]),
    Buffer.from(`${'n'.repeat(300)}\0comment\0`),
  ]);
  const result = await ingest(Buffer.concat([header, plain.subarray(10)]), { step: 11 });
  assert.equal(result.diffId, digest(layer));
});

test('something else after the compressed data is refused', async () => {
  for (const bytes of [streams.gzip, streams.zstd]) {
    await assert.rejects(ingest(Buffer.concat([bytes, Buffer.from('garbage')])), { code: 'EBADMSG' });
  }
});

test('damage inside is found by the checksum, also when the archive had ended before', async () => {
  const stored = gzipSync(layer, { level: 0 });
  stored[Math.floor(stored.length / 2)] = (stored[Math.floor(stored.length / 2)] ?? 0) ^ 1;
  await assert.rejects(ingest(stored), { code: 'EBADMSG', message: /checksum/ });
  const end = Buffer.from(gzipSync(layer));
  end[end.length - 6] = (end[end.length - 6] ?? 0) ^ 1;
  rmSync(root, { recursive: true });
  mkdirSync(root);
  await assert.rejects(ingest(end), { code: 'EBADMSG', message: /checksum/ });
});

test('what follows the archive’s end counts for the digest', async () => {
  const padded = Buffer.concat([layer, Buffer.alloc(10_240), Buffer.from('and more')]);
  for (const bytes of [padded, gzipSync(padded)]) {
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root);
    assert.equal((await ingest(bytes)).diffId, digest(padded));
  }
});

test('nothing at all is an empty layer', async () => {
  const result = await ingest(Buffer.alloc(0));
  assert.deepEqual([result.entries, result.diffId], [0, digest(Buffer.alloc(0))]);
});

test('other compressions are refused by what they are', async () => {
  for (const magic of ['\xfd7zXZ\0', 'BZh91AY', '\x04\x22\x4d\x18..']) {
    const bytes = Buffer.concat([Buffer.from(magic, 'latin1'), Buffer.alloc(2000)]);
    await assert.rejects(ingest(bytes), { code: 'EBADMSG', message: /something else than gzip or zstd/ });
  }
});

test('every limit stops it and is named', async () => {
  const cases: [Buffer, Partial<IngestOptions['limits']>, RegExp, boolean?][] = [
    [streams.gzip, { bytesMax: 1000 }, /bytesMax 1000.*'noise'/],
    [streams.gzip, { entriesMax: 2 }, /entriesMax 2.*'noise'/],
    [streams.gzip, { blobBytesMax: 5000 }, /blobBytesMax 5000/],
    [layer, { blobBytesMax: 5000 }, /blobBytesMax 5000/, true],
    [gzipSync(archive({ name: 'bomb', body: Buffer.alloc(40 << 20) })), { ratioMax: 100 }, /ratioMax 100/],
    [zstdCompressSync(archive({ name: 'bomb', body: Buffer.alloc(40 << 20) })), {}, /ratioMax 2000/],
  ];
  for (const [bytes, limit, message, compress = false] of cases) {
    rmSync(root, { recursive: true });
    mkdirSync(root);
    await assert.rejects(ingest(bytes, { limits: limit, compress }), { code: 'EFBIG', message });
  }
});

test('a small archive may be as repetitive as it likes', async () => {
  const zeros = archive({ name: 'zeros', body: Buffer.alloc(8 << 20) });
  assert.equal((await ingest(gzipSync(zeros), { limits: { ratioMax: 2 } })).diffId, digest(zeros));
});

test('a zstd frame that asks for more memory than allowed is refused', async () => {
  // Magic, no single segment, window descriptor of 2 GiB, then a raw last block.
  const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (31 - 10) << 3, 0x01, 0x00, 0x00]);
  await assert.rejects(ingest(frame), { code: 'EBADMSG', message: /memory/i });
});

test('a layer that is refused early does not wait for the rest of the stream', { timeout: 10_000 }, async () => {
  const rootFd = openRoot(root);
  const [readEnd, writeEnd] = openPipe();
  const ingested = ingestLayer(readEnd, rootFd, { blob: null, compress: false, limits });
  closeFd(readEnd);
  const sink = createWriteStream('', { fd: writeEnd });
  const refused = new Promise<unknown>((resolve) => sink.once('error', resolve));
  // What is left of it finds nobody, and it never ends.
  sink.write(Buffer.concat([entry({ name: '.wh.' }), Buffer.alloc(8 << 20)]));
  await assert.rejects(ingested, { code: 'EBADMSG', message: /whiteout of nothing.*'\.wh\.'/ });
  assert.match(String(await refused), /EPIPE/);
  closeFd(rootFd);
});

test('a layer whose sender gives up ends as one that breaks off', { timeout: 10_000 }, async () => {
  const rootFd = openRoot(root);
  const [readEnd, writeEnd] = openPipe();
  const ingested = ingestLayer(readEnd, rootFd, { blob: null, compress: false, limits });
  closeFd(readEnd);
  const sink = createWriteStream('', { fd: writeEnd });
  sink.end(streams.gzip.subarray(0, 20_000));
  await assert.rejects(ingested, { code: 'EBADMSG', message: /breaks off/ });
  closeFd(rootFd);
});

test('many at once do not wait for each other', { timeout: 20_000 }, async () => {
  const stalled = Array.from({ length: 12 }, (_, at) => {
    const directory = path.join(base, `stalled-${at}`);
    mkdirSync(directory);
    const rootFd = openRoot(directory);
    const [readEnd, writeEnd] = openPipe();
    const ingested = ingestLayer(readEnd, rootFd, { blob: null, compress: false, limits });
    closeFd(readEnd);
    closeFd(rootFd);
    return { ingested, writeEnd };
  });
  assert.equal((await ingest(streams.gzip)).diffId, digest(layer));
  for (const { ingested, writeEnd } of stalled) {
    closeFd(writeEnd);
    assert.equal((await ingested).entries, 0);
  }
});

test('an error names the entry and the cause', async () => {
  const cases: [Buffer, string, RegExp][] = [
    [archive({ name: 'usr/big-id', uid: 70_000 }), 'EOVERFLOW', /user 70000.*65535.*'usr\/big-id'/],
    [archive(pax({ gid: '4294967295' }), { name: 'g' }), 'EOVERFLOW', /group 4294967295.*'g'/],
    [archive({ name: 'ok' }, { name: 'h', type: '1', link: 'no' }), 'EBADMSG', /not in the archive before it: no.*'h'/],
    [Buffer.concat([entry({ name: 'last' }), Buffer.alloc(512, 'x')]), 'EBADMSG', /checksum.*byte 512, after.*'last'/],
    [archive({ name: 'd/', type: '5' }, { name: 'd/x', type: 'Z' }), 'EBADMSG', /kind that is not known.*'d\/x'/],
  ];
  for (const [bytes, code, message] of cases) {
    rmSync(root, { recursive: true });
    mkdirSync(root);
    await assert.rejects(ingest(bytes), { code, message });
  }
});

test('a full disk is told as one', async () => {
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', root]).status, 0);
  try {
    await assert.rejects(ingest(streams.gzip), { code: 'ENOSPC', message: /write 'noise'/ });
  } finally {
    assert.equal(spawnSync('umount', ['-l', root]).status, 0);
  }
});

test('descriptors of the caller’s stay the caller’s, and none is left', async () => {
  const count = () =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
      } catch {
        return [];
      }
    });
  await ingest(streams.gzip);
  const before = count();
  for (let round = 0; round < 5; round++) {
    rmSync(root, { recursive: true });
    mkdirSync(root);
    await ingest(streams.gzip);
    await assert.rejects(ingest(Buffer.from('x'.repeat(2000))));
  }
  assert.deepEqual(count(), before);
});
