/** Names, removal, prune and figures: Docker's rules and words, and sizes that are what the disk says. */
import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TestAgent } from '../api/agent.ts';
import { dockerArchive, layerTar } from './layers.ts';

const agent = new TestAgent();
const at = (...names: string[]) => path.join(agent.directory, ...names);

before(() => agent.start());
after(() => agent.remove());

const ok = (...args: string[]) => {
  const { status, out, err } = agent.docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
  return out.trim();
};
const get = async (target: string) => JSON.parse((await agent.ask('GET', target)).text);
const filtered = (filters: object, rest = '') =>
  get(`/images/json?filters=${encodeURIComponent(JSON.stringify(filters))}${rest}`);

let count = 0;
/** A layer of one file of so many bytes. */
function layer(bytes: number): string {
  const name = `layer-${count++}`;
  mkdirSync(at(name));
  writeFileSync(at(name, name), Buffer.alloc(bytes, name));
  return layerTar(at(name), at(`${name}.tar`));
}

function image(name: string | null, layers: string[], more: { config?: object; created?: string } = {}): string {
  const { file, id } = dockerArchive(agent.directory, { name, layers, ...more });
  ok('load', '--input', file);
  return id;
}

/** Bytes of everything in the store, by the files themselves, one of several names once. */
function onDisk(): number {
  const seen = new Set<number>();
  let total = 0;
  for (const place of ['data/layers', 'data/blobs'])
    for (const name of readdirSync(at(place), { recursive: true, encoding: 'utf8' })) {
      const file = lstatSync(at(place, name));
      if (!file.isFile() || seen.has(file.ino)) continue;
      seen.add(file.ino);
      total += file.size;
    }
  return total;
}

test('df is what the disk says, and what a prune gives back is what goes', async () => {
  const shared = layer(100_000);
  image('df:one', [shared, layer(20_000)]);
  image('df:two', [shared, layer(3_000)]);
  const { LayersSize, Images } = await get('/system/df?type=image');
  assert.equal(LayersSize, onDisk());
  const one = Images.find((entry: { RepoTags: string[] }) => entry.RepoTags.includes('df:one'));
  const two = Images.find((entry: { RepoTags: string[] }) => entry.RepoTags.includes('df:two'));
  assert.equal(one.SharedSize, two.SharedSize);
  assert.ok(one.SharedSize > 100_000 && one.Size - one.SharedSize > 20_000);
  const before = onDisk();
  const pruned = JSON.parse(
    (await agent.ask('POST', `/images/prune?filters=${encodeURIComponent('{"dangling":["false"]}')}`)).text,
  );
  assert.equal(pruned.SpaceReclaimed, before - onDisk());
  assert.equal((await get('/system/df')).LayersSize, onDisk());
  assert.equal(onDisk(), 0, 'nothing is left of nothing');
  const gone = pruned.ImagesDeleted.filter((entry: { Untagged?: string }) => entry.Untagged !== undefined);
  assert.equal(gone.length, 3);
  assert.match((await agent.ask('GET', '/system/df?type=nonsense')).text, /unknown object type: nonsense/);
  const starter = path.resolve(import.meta.dirname, '../../../../.setup/starter-image.tar');
  ok('load', '--input', starter);
});

test('containers and volumes are in df with what they take', async () => {
  ok(
    'run',
    '--name',
    'writer',
    '-v',
    'data:/data',
    'busybox',
    'sh',
    '-c',
    'head -c 5000 /dev/zero > /x; head -c 700 /dev/zero > /data/y',
  );
  const { Containers, Volumes, BuildCache } = await get('/system/df');
  assert.deepEqual([Containers.length, BuildCache], [1, []]);
  assert.equal(Containers[0].SizeRw, 5000);
  assert.ok(Containers[0].SizeRootFs > 5000 + 100_000);
  assert.deepEqual(Volumes[0].UsageData, { Size: 700, RefCount: 1 });
  assert.match(ok('ps', '--all', '--size', '--format', '{{.Size}}'), /^5kB \(virtual /);
  assert.equal(JSON.parse(ok('inspect', '--size', 'writer'))[0].SizeRw, 5000);
  ok('rm', 'writer');
  ok('volume', 'rm', 'data');
});

test('a step that an image was made of shares nothing with it in a list that does not show it', async () => {
  image('steps:base', [layer(1_000)]);
  const write = (base: string, ...names: string[]) => {
    const container = ok('create', base, '/none').trim();
    ok('cp', process.execPath, `${container}:/${path.basename(base)}`);
    const made = ok('commit', container, ...names).trim();
    ok('rm', container);
    return made;
  };
  write(write('steps:base'), 'steps:made');
  const sharedOf = async (query: string): Promise<number> => {
    const listed = await filtered({}, query);
    return listed.find((entry: { RepoTags: string[] }) => entry.RepoTags.includes('steps:made')).SharedSize;
  };
  assert.ok((await sharedOf('&shared-size=1')) < 100_000);
  assert.ok((await sharedOf('&shared-size=1&all=1')) > 10_000_000);
  ok('rmi', 'steps:made', 'steps:base');
});

test('lists are filtered as Docker filters them', async () => {
  const names = (images: { RepoTags: string[] }[]) => images.flatMap((entry) => entry.RepoTags).sort();
  image('old:1', [layer(10)], { created: '2020-01-01T00:00:00Z', config: { Labels: { kind: 'old', x: 'y' } } });
  image('team/new:1', [layer(11)], { created: '2023-01-01T00:00:00Z', config: { Labels: { kind: 'new' } } });
  ok('tag', 'team/new:1', 'localhost:5000/team/new:2');
  assert.deepEqual(names(await filtered({ label: ['kind=old'] })), ['old:1']);
  assert.deepEqual(names(await filtered({ label: { kind: true } })), [
    'localhost:5000/team/new:2',
    'old:1',
    'team/new:1',
  ]);
  assert.deepEqual(names(await filtered({ before: ['team/new:1'] })), ['old:1']);
  assert.ok(!names(await filtered({ since: ['old:1'] })).includes('old:1'));
  assert.deepEqual(names(await filtered({ until: ['2021-01-01T00:00:00Z'] })), ['old:1']);
  assert.deepEqual(names(await filtered({ reference: ['team/*'] })), ['team/new:1']);
  assert.deepEqual(names(await filtered({ reference: ['*:1'] })), ['old:1']);
  assert.deepEqual(names(await filtered({ reference: ['localhost:5000/*/new'] })), ['localhost:5000/team/new:2']);
  assert.deepEqual(names(await filtered({ dangling: ['true'] })), []);
  assert.equal((await filtered({ reference: ['old'] }, '&shared-size=1'))[0].SharedSize, 0);
  const [listed] = await filtered({ reference: ['old'] }, '&manifests=1');
  assert.equal(listed.Manifests[0].Kind, 'image');
  for (const wrong of [{ nothing: ['x'] }, { dangling: ['maybe'] }])
    assert.match((await filtered(wrong)).message, /invalid filter/);
  assert.match((await filtered({ before: ['missing'] })).message, /No such image: missing:latest/);
  const inspected = await get('/images/old:1/json');
  assert.equal(inspected.Descriptor.digest, listed.Manifests[0].Descriptor.digest);
  assert.equal(inspected.RootFS.Layers.length, 1);
  assert.match(agent.docker('search', 'busybox').err, /Docker Hub/);
});

test('a name that moves leaves the image nameless, and prune takes it, by label and age', async () => {
  const first = image('moving:1', [layer(1000)], { config: { Labels: { keep: 'yes' } } });
  const { file, id } = dockerArchive(agent.directory, { name: 'moving:1', layers: [layer(2000)] });
  assert.match(ok('load', '--input', file), /already exists, renaming the old one with ID sha256:/);
  assert.equal((await get('/images/moving:1/json')).Id, id);
  assert.deepEqual(
    (await filtered({ dangling: ['true'] })).map((entry: { Id: string }) => entry.Id),
    [first],
  );
  const prune = async (filters: object) =>
    JSON.parse((await agent.ask('POST', `/images/prune?filters=${encodeURIComponent(JSON.stringify(filters))}`)).text);
  assert.equal((await prune({ 'label!': ['keep'] })).ImagesDeleted, null);
  assert.equal((await prune({ until: ['2000-01-01'] })).ImagesDeleted, null);
  assert.match((await prune({ reference: ['x'] })).message, /invalid filter 'reference'/);
  const before = onDisk();
  const { ImagesDeleted, SpaceReclaimed } = await prune({ label: ['keep=yes'], until: ['1h'] });
  assert.ok(ImagesDeleted.some((entry: { Deleted?: string }) => entry.Deleted === first));
  assert.equal(SpaceReclaimed, before - onDisk());
});

test('an image in use, or with several names, is removed by Docker’s rules', async () => {
  const id = image('used:1', [layer(50)]);
  const short = id.slice(7, 19);
  ok('tag', 'used:1', 'used:2');
  ok('tag', 'used:1', 'other/name:1');
  assert.match(
    agent.docker('rmi', short).err,
    new RegExp(
      `conflict: unable to delete ${short} \\(must be forced\\) - image is referenced in multiple repositories`,
    ),
  );
  assert.equal(ok('rmi', 'used:2', 'other/name:1'), 'Untagged: used:2\nUntagged: other/name:1');
  const container = ok('create', '--name', 'user', 'used:1', 'x');
  const named = `conflict: unable to remove repository reference "used:1" \\(must force\\) - container ${container.slice(0, 12)} is using its referenced image ${short}`;
  assert.match(agent.docker('rmi', 'used:1').err, new RegExp(named));
  assert.match(agent.docker('rmi', short).err, /must be forced\) - image is being used by stopped container/);
  assert.match(agent.docker('rmi', 'nothing').err, /No such image: nothing:latest/);
  assert.equal(ok('rmi', '--force', 'used:1'), 'Untagged: used:1');
  assert.equal((await get(`/images/${id}/json`)).Id, id, 'the container can still be started');
  ok('rm', 'user');
  assert.match(ok('rmi', short), new RegExp(`Deleted: ${id}\nDeleted: sha256:`));

  ok('run', '--detach', '--name', 'running', 'busybox', 'sleep', '1000');
  assert.match(
    agent.docker('rmi', '--force', 'busybox').err,
    /cannot be forced\) - image is being used by running container/,
  );
  assert.equal((await get('/images/busybox/json')).RepoTags[0], 'busybox:latest');
  ok('rm', '--force', 'running');
});

test('parents go with their last child, or stay when asked to', () => {
  const commit = (from: string, to: string) => {
    ok('run', '--name', 'step', from, 'sh', '-c', 'echo x >> /steps');
    ok('commit', 'step', to);
    ok('rm', 'step');
    return ok('inspect', '--format', '{{.Id}}', to);
  };
  const first = commit('busybox', 'step:1');
  const second = commit('step:1', 'step:2');
  assert.equal(ok('rmi', 'step:1'), 'Untagged: step:1');
  assert.match(agent.docker('rmi', first).err, /cannot be forced\) - image has dependent child images/);
  assert.ok(!ok('images', '--quiet', '--no-trunc').includes(first), 'intermediate images are not listed');
  assert.ok(ok('images', '--all', '--quiet', '--no-trunc').includes(first));
  const removed = ok('rmi', 'step:2');
  assert.ok(removed.includes(`Deleted: ${second}`) && removed.includes(`Deleted: ${first}`), removed);
  assert.ok(!removed.includes(ok('inspect', '--format', '{{.Id}}', 'busybox')));
});

test('an image is found by the beginning of its id, a name goes before it', async () => {
  const id = image('found:1', [layer(5)]);
  assert.equal((await get(`/images/${id.slice(7, 15)}/json`)).Id, id);
  assert.equal((await get(`/images/${id.slice(7)}/json`)).Id, id);
  ok('tag', 'busybox', id.slice(7, 15));
  assert.notEqual((await get(`/images/${id.slice(7, 15)}/json`)).Id, id);
  ok('rmi', id.slice(7, 15));
  assert.match(agent.docker('tag', 'found:1', 'Upper:1').err, /must be lowercase|invalid reference format/);
  assert.equal((await agent.ask('GET', `/images/${'0'.repeat(64)}/json`)).status, 404);
});
