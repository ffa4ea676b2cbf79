/**
 * Rows I8 to I18: images that lie about what they are, by a registry and by `docker load`. Each ends in a clear error,
 * or in an image that is what its digests say; nothing that was refused is kept.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Entry } from '../../src/engine/files/tar-entries.ts';
import { archive, fileEntry } from '../api/builds.ts';
import { request } from '../api/http.ts';
import { digestOf, HostileRegistry, ociIndex, ociManifest, sample } from '../registry/hostile.ts';
import { Door } from './door.ts';

const door = new Door();
const registry = new HostileRegistry();
const data = (...names: string[]) => path.join(door.directory, 'data', ...names);

before(() => registry.startInside(door.name, door.directory, '127.0.0.1:5000'));
after(() => registry.stop());

const ok = (...args: string[]): string => {
  const { status, out, err } = door.docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
  return out.trim();
};

/** What the store holds, row by row and file by file. */
function stored(): string[] {
  const files = ['blobs/sha256', 'blobs/ingest', 'layers', 'tmp'].flatMap((place) =>
    readdirSync(data(place)).map((name) => `${place}/${name}`),
  );
  return [
    ...files,
    ...ok('images', '--all', '--quiet', '--no-trunc').split('\n'),
    ok('images', '--format', '{{.Repository}}:{{.Tag}}'),
  ];
}

async function refused(what: string, words: RegExp, attack: () => Promise<string>): Promise<void> {
  const before = stored();
  const said = await attack();
  assert.match(said, words, what);
  assert.deepEqual(stored(), before, `${what} left something`);
}

const load = async (body: Buffer): Promise<string> =>
  (await request(door.socket, 'POST', '/images/load', { body })).body.toString('utf8');

async function pull(name: string): Promise<string> {
  const { text } = await door.ask(
    'POST',
    `/images/create?fromImage=${encodeURIComponent(`${registry.host}/${name}`)}&tag=latest`,
  );
  return text;
}

type Parts = ReturnType<typeof sample>;

/** A Docker archive of one layer. */
function dockerArchive(name: string, changes: { layer?: Buffer; diffIds?: string[]; layers?: string[] } = {}): Buffer {
  const layer = changes.layer ?? archive({ [name]: name });
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['true'], Labels: { of: name } },
    rootfs: { type: 'layers', diff_ids: changes.diffIds ?? [digestOf(layer)] },
  });
  const manifest = [{ Config: 'config.json', RepoTags: [`${name}:1`], Layers: changes.layers ?? ['layer.tar'] }];
  return archive({ 'config.json': config, 'layer.tar': layer, 'manifest.json': JSON.stringify(manifest) });
}

/** An OCI layout whose parts a test bends. */
function layout({ layer, config, manifest }: Parts, index: object = {}): Buffer {
  const text = JSON.stringify(manifest);
  const entry = { mediaType: ociManifest, digest: digestOf(text), size: Buffer.byteLength(text) };
  return archive({
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
    'index.json': JSON.stringify({ schemaVersion: 2, manifests: [entry], ...index }),
    [`blobs/sha256/${digestOf(text).slice(7)}`]: text,
    [`blobs/sha256/${manifest.config.digest.slice(7)}`]: config,
    [`blobs/sha256/${manifest.layers[0]?.digest.replace(/^.*:/, '')}`]: layer,
  });
}

function bent(bend: (image: Parts) => void): Parts {
  const image = sample();
  bend(image);
  return image;
}

/** The same by a registry and by an archive. */
async function refusedTwice(what: string, words: RegExp, image: Parts): Promise<void> {
  registry.serveImage('bent', image);
  await refused(`${what}, pulled`, words, () => pull('bent'));
  await refused(`${what}, loaded`, words, () => load(layout(image)));
}

door.case('I8', 'bytes that are not what a digest or size says are refused before anybody sees them', async () => {
  const other = gzipSync(archive({ other: 'content' }));
  await refusedTwice(
    'another layer',
    /should (be|have)|has \d+ bytes/,
    bent((image) => void (image.layer = other)),
  );
  const config = Buffer.from('{"os":"linux","rootfs":{"type":"layers","diff_ids":[]}}');
  await refusedTwice(
    'another config',
    /digest|other content|bytes/,
    bent((image) => void (image.config = config)),
  );
  const claims = (change: (layer: { size: number; digest: string }) => void) =>
    bent(({ manifest }) => manifest.layers.forEach(change));
  await refusedTwice(
    'a size too small',
    /bytes/,
    claims((layer) => void layer.size--),
  );
  await refusedTwice(
    'a size too large',
    /bytes/,
    claims((layer) => void layer.size++),
  );
  // A diffID of its own in a config whose digest is right.
  const wrong = sample();
  wrong.config = Buffer.from(String(wrong.config).replace(/sha256:[0-9a-f]{64}/, digestOf('another')));
  Object.assign(wrong.manifest.config, { digest: digestOf(wrong.config), size: wrong.config.length });
  await refusedTwice('another diffID', /its config says/, wrong);
  for (const [what, bytes, words] of [
    ['cut short', (layer: Buffer) => layer.subarray(0, -5), /breaks off|damaged|cut off/],
    [
      'with something after it',
      (layer: Buffer) => Buffer.concat([layer, Buffer.from('more')]),
      /follows the gzip data/,
    ],
    ['damaged', (layer: Buffer) => Buffer.concat([layer.subarray(0, -8), Buffer.alloc(8)]), /checksum|damaged/],
  ] as const) {
    const image = sample();
    image.layer = Buffer.from(bytes(image.layer));
    Object.assign(image.manifest.layers[0] ?? {}, { digest: digestOf(image.layer), size: image.layer.length });
    await refusedTwice(what, words, image);
  }
  // Two members are one stream, as RFC 1952 has it: the whole of both is the layer.
  const tar = archive({ two: 'members' });
  const image = sample(tar);
  image.layer = Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]);
  Object.assign(image.manifest.layers[0] ?? {}, { digest: digestOf(image.layer), size: image.layer.length });
  registry.serveImage('two', image);
  assert.match(await pull('two'), /Downloaded newer image/);
  ok('rmi', `${registry.host}/two`);
});

door.case('I9', 'CVE-2021-41190: a description that can be read in two ways is read in none', async () => {
  const image = sample();
  const manifest = JSON.stringify(image.manifest);
  const cases: [string, string | Buffer, string, RegExp][] = [
    ['both at once', JSON.stringify({ ...image.manifest, manifests: [] }), ociManifest, /both an index and a manifest/],
    ['a lie about its type', manifest, ociIndex, /calls itself/],
    ['64 MiB', Buffer.alloc(64 << 20, ' '), ociManifest, /larger than/],
    ['deep', `${'['.repeat(200_000)}${']'.repeat(200_000)}`, ociManifest, /malformed|not JSON|manifest/],
    ['a prototype', manifest.replace('{', '{"__proto__":{"layers":[]},'), ociManifest, /./],
  ];
  for (const [what, body, type, words] of cases) {
    registry.serve('/v2/bent/manifests/latest', body, { 'Content-Type': type });
    await refused(what, words, () => pull('bent'));
  }
  // An index that has itself, and one of a hundred thousand entries.
  const entry = {
    mediaType: ociIndex,
    digest: digestOf('x'),
    size: 1,
    platform: { os: 'linux', architecture: 'amd64' },
  };
  const many = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: Array(1e5).fill(entry) });
  for (const [what, body, words] of [
    ['many entries', many, /larger than|1000|entries/],
    [
      'an index of nothing',
      JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [entry] }),
      /not found|unknown/,
    ],
  ] as const) {
    registry.serve('/v2/bent/manifests/latest', body, { 'Content-Type': ociIndex });
    await refused(what, words, () => pull('bent'));
  }
  await refused('an index that is empty', /no image/, () => load(layout(sample(), { manifests: [] })));
  assert.equal(Object.hasOwn(Object.prototype, 'layers'), false);
});

door.case('I10', 'CVE-2024-3727: a digest is no path, and no tag is either', async () => {
  for (const digest of [
    'sha256:../../../../etc/passwd',
    `sha256:${'A'.repeat(64)}`,
    'sha256:abc',
    `md5:${'a'.repeat(32)}`,
    '../x',
  ]) {
    const image = bent(({ manifest }) => manifest.layers.forEach((layer) => void (layer.digest = digest)));
    registry.serveImage('bent', image);
    await refused(`${digest}, pulled`, /digest|malformed/, () => pull('bent'));
    await refused(`${digest}, loaded`, /digest|malformed|missing/, () => load(layout(image)));
    const answer = await door.ask('GET', `/images/${encodeURIComponent(`busybox@${digest}`)}/json`);
    assert.ok([400, 404].includes(answer.status), answer.text);
  }
  for (const tag of ['..', '../../x', 'a/../../b', 'x'.repeat(129)]) {
    const { status, text } = await door.ask('POST', `/images/busybox/tag?repo=x&tag=${encodeURIComponent(tag)}`);
    assert.equal(status, 400, text);
  }
});

door.case('I11', 'a layer is what its bytes are, whatever it claims to be', async () => {
  assert.match(await load(dockerArchive('honest')), /Loaded image/);
  const [honest = ''] = JSON.parse(ok('inspect', 'honest:1'))[0].RootFS.Layers;
  // Other bytes under the diffID of a layer that is here: that layer is taken, and the other bytes are not.
  const evil = archive({ honest: 'evil' });
  const said = await load(dockerArchive('claims', { layer: evil, diffIds: [honest] }));
  if (/Loaded image/.test(said)) {
    const id = ok('create', 'claims:1');
    ok('cp', `${id}:/honest`, path.join(door.directory, 'honest'));
    assert.equal(readFileSync(path.join(door.directory, 'honest'), 'utf8'), 'honest');
    ok('rm', id);
    ok('rmi', 'claims:1');
  }
  ok('rmi', 'honest:1');
  await refused('the same where it is not here', /its config says/, () =>
    load(dockerArchive('claims', { layer: evil, diffIds: [honest] })),
  );
});

door.case('I12', 'CVE-2024-24557: a loaded image takes a name openly, and no step of a build for its own', async () => {
  const before = ok('inspect', '--format', '{{.Id}}', 'busybox:latest');
  const { text } = await door.ask('POST', '/build?t=cached', '');
  assert.match(text, /Cannot locate|Dockerfile|context/);
  const context = archive({ Dockerfile: 'FROM busybox\nRUN echo honest > /built\n' });
  const build = async () =>
    (
      await request(door.socket, 'POST', '/build?t=built:1', {
        body: context,
        headers: { 'Content-Type': 'application/x-tar' },
      })
    ).body.toString();
  assert.match(await build(), /Successfully tagged built:1/);
  // The step's image, saved and loaded again with other bytes in its layer and the same history.
  const saved = path.join(door.directory, 'built.tar');
  ok('save', '--output', saved, 'built:1');
  ok('rmi', 'built:1');
  ok('image', 'prune', '--force');
  ok('load', '--input', saved);
  assert.doesNotMatch(await build(), /Using cache/, 'a loaded image was taken for a step');
  const renamed = await load(dockerArchive('busybox'));
  assert.match(renamed, /Loaded image: busybox:1/);
  assert.equal(ok('inspect', '--format', '{{.Id}}', 'busybox:latest'), before);
  for (const name of ['busybox:1', 'built:1']) ok('rmi', name);
  ok('image', 'prune', '--force');
});

door.case('I13', 'the store is its owner’s alone', async () => {
  for (const place of ['blobs/sha256', 'blobs/ingest', 'layers', 'tmp']) {
    const { mode, uid } = statSync(data(place));
    assert.deepEqual([uid, mode & 0o7777], [0, 0o700], place);
  }
  const nobody = spawnSync(
    'setpriv',
    ['--reuid=65534', '--regid=65534', '--clear-groups', 'find', data(), '-mindepth', '2'],
    { encoding: 'utf8' },
  );
  assert.equal(nobody.stdout.split('\n').filter((line) => /layers\/|sha256\//.test(line)).length, 0, nobody.stdout);
});

door.case('I14', 'a file system’s image is no layer, and is not mounted', async () => {
  const erofs = Buffer.alloc(8192);
  erofs.writeUInt32LE(0xe0f5e1e2, 1024);
  const ext4 = Buffer.alloc(8192);
  ext4.writeUInt16LE(0xef53, 1080);
  const squashfs = Buffer.concat([Buffer.from('hsqs'), Buffer.alloc(8188, 1)]);
  for (const [what, layer] of Object.entries({ erofs, ext4, squashfs })) {
    const said = await load(dockerArchive(what, { layer }));
    if (!/Loaded image/.test(said)) {
      assert.match(said, /not a tar archive|checksum|after the end/, what);
      continue;
    }
    // It begins as an archive that ends at once: an image of nothing, whatever follows.
    const id = ok('create', `${what}:1`);
    const file = path.join(door.directory, `${what}.tar`);
    ok('export', '--output', file, id);
    assert.equal(spawnSync('tar', ['-tf', file], { encoding: 'utf8' }).stdout.trim(), './', what);
    ok('rm', id);
    ok('rmi', `${what}:1`);
  }
});

door.case('I16', 'CVE-2026-41648: an archive of images leads nowhere but into itself', async () => {
  const secret = path.join(door.directory, 'secret.json');
  writeFileSync(
    secret,
    JSON.stringify({ os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, author: 'host secret' }),
  );
  const manifest = (config: string, layers: string[] = []) =>
    JSON.stringify([{ Config: config, RepoTags: ['away:1'], Layers: layers }]);
  const link = (name: string, target: string, type: '1' | '2'): Entry => fileEntry({ name, type, linkName: target });
  for (const [what, files, entries] of [
    ['a config outside', { 'manifest.json': manifest(secret) }, []],
    ['a config above', { 'manifest.json': manifest(`../../../../../..${secret}`) }, []],
    ['a link to it', { 'manifest.json': manifest('config.json') }, [link('config.json', secret, '2')]],
    ['a hard link to it', { 'manifest.json': manifest('config.json') }, [link('config.json', secret, '1')]],
    ['a manifest that is a link', { x: 'x' }, [link('manifest.json', secret, '2')]],
    [
      'a device',
      { 'manifest.json': manifest('config.json') },
      [fileEntry({ name: 'config.json', type: '3', device: { major: 1, minor: 5 } })],
    ],
    [
      'a layer outside',
      {
        'config.json': readFileSync(secret, 'utf8').replace('[]', `["${digestOf('x')}"]`),
        'manifest.json': manifest('config.json', ['/etc/passwd']),
      },
      [],
    ],
  ] as [string, Record<string, string>, Entry[]][]) {
    await refused(what, /missing|neither manifest.json|This is not an image archive/, () =>
      load(archive(files, entries)),
    );
  }
  await refused('a description of 64 MiB', /larger than|too large/, () =>
    load(archive({ 'manifest.json': `[${' '.repeat(64 << 20)}]` })),
  );
  for (const name of ['../../escaped', '/escaped', 'a/../../escaped']) {
    await load(archive({ [name]: 'x', 'manifest.json': '[]' }));
    assert.equal(existsSync(path.join(door.directory, 'escaped')), false);
  }
  await refused('noise', /not an image archive|not a tar/, () => load(Buffer.alloc(100_000, 7)));
});

door.case('I17', 'CVE-2023-0778: what a hostile tree links to is not in its export, commit or diff', async () => {
  const canary = path.join(door.canary, 'secret');
  const race = `ln -s ${canary} /there; ln -s /proc/1/root /up; mkdir /d; echo x > /d/f; while true; do mv /d /e; ln -s ${door.directory} /d; rm /d; mv /e /d; done`;
  const id = ok('run', '-d', 'busybox', 'sh', '-c', race);
  for (let tries = 0; tries < 10; tries++) {
    const file = path.join(door.directory, `export-${tries}.tar`);
    door.docker('export', '--output', file, id);
    if (existsSync(file)) assert.equal(readFileSync(file).includes('host secret'), false, 'exported');
    assert.doesNotMatch(door.docker('diff', id).out, /canary|host secret/);
  }
  ok('commit', id, 'raced:1');
  ok('save', '--output', path.join(door.directory, 'raced.tar'), 'raced:1');
  const kept = ok('run', '--rm', 'raced:1', 'sh', '-c', 'readlink /there; cat /there 2>&1 || true');
  assert.match(kept, /^\/.*secret\n.*(No such file|can't open)/);
  ok('rm', '-f', id);
  ok('rmi', 'raced:1');
});

door.case('I18', 'hundreds of layers are an image, or are too many by name', async () => {
  const layers = Array.from({ length: 600 }, (_, index) => archive({ [`f${index}`]: String(index) }));
  const many = (count: number) => {
    const some = layers.slice(0, count);
    const config = JSON.stringify({
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: some.map((one) => digestOf(one)) },
    });
    const names = some.map((_, index) => `l${index}.tar`);
    const manifest = JSON.stringify([{ Config: 'config.json', RepoTags: [`many:${count}`], Layers: names }]);
    return archive({
      'config.json': config,
      'manifest.json': manifest,
      ...Object.fromEntries(some.map((one, index) => [`l${index}.tar`, one])),
    });
  };
  assert.match(await load(many(500)), /Loaded image: many:500/);
  const id = ok('create', 'many:500', '/f499');
  ok('cp', `${id}:/f0`, path.join(door.directory, 'f0'));
  ok('cp', `${id}:/f499`, path.join(door.directory, 'f499'));
  assert.equal(readFileSync(path.join(door.directory, 'f499'), 'utf8'), '499');
  ok('rm', id);
  ok('rmi', 'many:500');
  await refused('600 layers', /malformed|layers/, () => load(many(600)));
});
