/** Layers on their way in: resumed, shared, refused; and a database of the version before. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
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
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { EngineError } from '@berth/shared/errors';
import { openDatabase } from '../../src/engine/database.ts';
import { createEvents, eventsSchema } from '../../src/engine/events.ts';
import { createImages } from '../../src/engine/images/images.ts';
import type { Layer } from '../../src/engine/images/layers.ts';
import { imagesSchema } from '../../src/engine/images/store.ts';
import { layerTar, richTree, sha256 } from './layers.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'berth-test-'));
after(() => rmSync(directory, { recursive: true, force: true }));
mkdirSync(path.join(directory, 'tree'));
richTree(path.join(directory, 'tree'));
const tar = readFileSync(layerTar(path.join(directory, 'tree'), path.join(directory, 'layer.tar')));
const blob = gzipSync(tar);
const diffId = sha256(tar);
const descriptor = { digest: sha256(blob), sizeBytes: blob.length };
const { signal } = new AbortController();
let count = 0;

function store(dataDir = path.join(directory, `data-${count++}`)) {
  mkdirSync(dataDir, { recursive: true });
  const db = openDatabase(path.join(dataDir, 'agent.db'), [eventsSchema, imagesSchema]);
  const images = createImages({ db, dataDir, events: createEvents(db), inUse: () => [] });
  const kept = () => readdirSync(path.join(dataDir, 'blobs/ingest'));
  return { db, dataDir, images, kept };
}

/** The blob from an offset on, in pieces; fails after so many bytes. */
function source(content: Buffer, failAfter = Number.POSITIVE_INFINITY) {
  const asked: number[] = [];
  const open = async (offset: number) => {
    asked.push(offset);
    return Readable.from(
      (async function* () {
        for (let at = offset; at < content.length; at += 10_000) {
          if (at - offset >= failAfter) throw new EngineError('unavailable', 'the connection broke');
          yield content.subarray(at, at + 10_000);
          await new Promise((resolve) => setImmediate(resolve));
        }
      })(),
    );
  };
  return { asked, open };
}

const config = JSON.stringify({
  architecture: 'amd64',
  os: 'linux',
  config: {},
  rootfs: { type: 'layers', diff_ids: [diffId] },
});

test('a download that breaks is taken up where it broke', async () => {
  const { images, kept } = store();
  const broken = source(blob, 100_000);
  const wanted = { diffId, parent: null, blob: descriptor, signal };
  await assert.rejects(
    images.hold((layers) => layers.ingest({ ...wanted, open: broken.open })),
    /the connection broke/,
  );
  assert.deepEqual(kept(), [descriptor.digest.slice(7)]);
  const whole = source(blob);
  const seen: number[] = [];
  await images.hold(async (layers) => {
    const layer = await layers.ingest({
      ...wanted,
      open: whole.open,
      onProgress: (done) => void (done !== 'extracting' && seen.push(done.downloadedBytes)),
    });
    assert.equal(layer.blob.digest, descriptor.digest);
    assert.match(layer.blob.mediaType, /tar\+gzip$/);
    images.add({ configText: config, chainIds: [layer.chainId], names: ['x'], manifest: null, action: 'load' });
  });
  assert.ok((whole.asked[0] ?? 0) >= 90_000, `asked from ${whole.asked}`);
  assert.equal(seen.at(-1), blob.length);
  assert.deepEqual(kept(), []);
  assert.deepEqual((await images.fsck({ repair: false })).findings, []);
});

test('what is kept of a download and was spoilt since is refused once, and then comes anew', async () => {
  const { images, dataDir, kept } = store();
  const file = path.join(dataDir, 'blobs/ingest', descriptor.digest.slice(7));
  writeFileSync(file, Buffer.alloc(50_000, 'x'));
  const wanted = { diffId, parent: null, blob: descriptor, signal, open: source(blob).open };
  await assert.rejects(
    images.hold((layers) => layers.ingest(wanted)),
    EngineError,
  );
  assert.deepEqual(kept(), []);
  await images.hold((layers) => layers.ingest(wanted));
});

test('two that want the same layer share one download, and one of them may go', async () => {
  const { images } = store();
  const once = source(blob);
  const first = new AbortController();
  const wanted = { diffId, parent: null, blob: descriptor, open: once.open };
  await images.hold(async (layers) => {
    const going = layers.ingest({ ...wanted, signal: first.signal });
    const staying = layers.ingest({ ...wanted, signal });
    first.abort();
    await assert.rejects(going, /cancelled/);
    assert.equal((await staying).diffId, diffId);
  });
  assert.equal(once.asked.length, 1);
});

test('the same blob upon two different layers is downloaded once', async () => {
  const { images } = store();
  const once = source(blob);
  await images.hold(async (layers) => {
    const wanted = { diffId, blob: descriptor, open: once.open, signal };
    const parent = `sha256:${createHash('sha256').update('p').digest('hex')}`;
    const [one, two]: Layer[] = await Promise.all([
      layers.ingest({ ...wanted, parent: null }),
      layers.ingest({ ...wanted, parent }),
    ]);
    assert.notEqual(one?.chainId, two?.chainId);
  });
  assert.equal(once.asked.length, 1);
});

for (const [what, lie, why] of [
  ['another digest', { blob: { ...descriptor, digest: sha256(Buffer.from('x')) } }, /blob is .* and should be/],
  ['another content', { diffId: sha256(Buffer.from('x')) }, /content is .*, its config says/],
  ['more bytes than it says', { blob: { ...descriptor, sizeBytes: blob.length - 100 } }, /cannot be applied/],
] as const) {
  test(`a layer with ${what} is refused, and nothing of it is kept`, async () => {
    const { images, dataDir, kept } = store();
    const wanted = { diffId, parent: null, blob: descriptor, open: source(blob).open, signal, ...lie };
    await assert.rejects(
      images.hold((layers) => layers.ingest(wanted)),
      why,
    );
    assert.deepEqual(kept(), []);
    for (const place of ['layers', 'blobs/sha256', 'tmp']) assert.deepEqual(readdirSync(path.join(dataDir, place)), []);
  });
}

test('a blob that ends too early is kept for another try', async () => {
  const { images, kept } = store();
  const short = source(blob.subarray(0, 150_000));
  const wanted = { diffId, parent: null, blob: descriptor, open: short.open, signal };
  await assert.rejects(
    images.hold((layers) => layers.ingest(wanted)),
    { kind: 'unavailable' },
  );
  assert.equal(kept().length, 1);
});

test('a blob that is broken on disk is downloaded again', async () => {
  const { images, dataDir } = store();
  const wanted = { diffId, parent: null, blob: descriptor, signal };
  await images.hold(async (layers) => {
    await layers.ingest({ ...wanted, open: source(blob).open });
    const file = path.join(dataDir, 'blobs/sha256', descriptor.digest.slice(7));
    writeFileSync(file, Buffer.alloc(blob.length));
    const again = source(blob);
    await layers.ingest({ ...wanted, parent: diffId, open: again.open });
    assert.deepEqual(again.asked, [0]);
    assert.equal(sha256(readFileSync(file)), descriptor.digest);
  });
});

test('uncompressed input is kept compressed; its manifest is made, the same every time', async () => {
  const { images } = store();
  await images.hold(async (layers) => {
    const layer = await layers.ingest({ diffId, parent: null, blob: null, open: source(tar).open, signal });
    assert.match(layer.blob.mediaType, /tar\+gzip$/);
    assert.ok(layer.blob.sizeBytes < tar.length);
    const id = images.add({
      configText: config,
      chainIds: [layer.chainId],
      names: [],
      manifest: null,
      action: 'import',
    });
    const served = images.manifest(images.resolve(id), null);
    assert.equal(JSON.parse(served.content.toString()).layers[0].digest, layer.blob.digest);
    assert.equal(images.manifest(images.resolve(id), 'any').digest, served.digest);
  });
});

test('a database of an agent that kept no blobs goes on, and a load completes its images', async () => {
  const dataDir = path.join(directory, `data-${count++}`);
  mkdirSync(path.join(dataDir, 'layers', diffId.slice(7), 'diff'), { recursive: true });
  writeFileSync(path.join(dataDir, 'layers', diffId.slice(7), 'diff/file'), 'old');
  const old = openDatabase(path.join(dataDir, 'agent.db'), [
    `CREATE TABLE images (id TEXT PRIMARY KEY, config TEXT NOT NULL, size_bytes INTEGER NOT NULL, added_at TEXT NOT NULL);
     CREATE TABLE image_tags (name TEXT PRIMARY KEY, image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE);
     CREATE TABLE layers (chain_id TEXT PRIMARY KEY, diff_id TEXT NOT NULL, size_bytes INTEGER NOT NULL);
     CREATE TABLE image_layers (image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE, position INTEGER NOT NULL,
       chain_id TEXT NOT NULL REFERENCES layers(chain_id), PRIMARY KEY (image_id, position));`,
  ]);
  const id = sha256(Buffer.from(config));
  // As it was written then: the same fields in another order.
  const { rootfs, ...rest } = JSON.parse(config);
  old
    .prepare('INSERT INTO images VALUES (?, ?, 3, ?)')
    .run(id, JSON.stringify({ rootfs, ...rest }), '2026-01-01T00:00:00Z');
  old.prepare('INSERT INTO layers VALUES (?, ?, 3)').run(diffId, diffId);
  old.prepare('INSERT INTO image_layers VALUES (?, 0, ?)').run(id, diffId);
  old.prepare("INSERT INTO image_tags VALUES ('old:1', ?)").run(id);
  old.close();
  const { images } = store(dataDir);
  await images.sweep();
  const image = images.resolve('old:1');
  assert.deepEqual([image.id, image.rootfsBytes, image.parentId, image.repoDigests], [id, 3, null, []]);
  assert.ok(existsSync(path.join(image.layerDirs[0] ?? '', 'file')));
  assert.throws(() => images.manifest(image, null), /older agent/);
  const report = await images.fsck({ repair: false });
  assert.deepEqual([report.findings, report.unverifiable], [[], 1]);
  await images.hold(async (layers) => {
    const { chainId } = await layers.ingest({
      diffId,
      parent: null,
      blob: descriptor,
      open: source(blob).open,
      signal,
    });
    images.add({ configText: config, chainIds: [chainId], names: ['old:1'], manifest: null, action: 'load' });
  });
  assert.ok(images.manifest(images.resolve('old:1'), null).content.length > 0);
  // A container may be running upon it.
  assert.ok(existsSync(path.join(image.layerDirs[0] ?? '', 'file')), 'the directory is left as it is');
  const { removed, bytes } = await images.remove('old:1', { force: false, prune: true });
  assert.equal(removed.length, 3);
  assert.ok(bytes > statSync(path.join(directory, 'layer.tar')).size / 2);
});
