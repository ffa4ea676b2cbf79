/** Images in and out, with the tools that others use: what comes back is the same to the last attribute. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TestAgent } from '../api/agent.ts';
import { dockerArchive, layerTar, listing, richTree, run, sha256 } from './layers.ts';

const agent = new TestAgent();
const at = (...names: string[]) => path.join(agent.directory, ...names);
const saved = path.resolve(import.meta.dirname, '../../../../.setup/starter-image.tar');
let rich: { file: string; id: string };

before(async () => {
  await agent.start();
  mkdirSync(at('lower'));
  richTree(at('lower'));
  mkdirSync(at('upper/etc'), { recursive: true });
  writeFileSync(at('upper/etc/.wh.fifo'), '');
  writeFileSync(at('upper/etc/more'), 'more\n');
  const layers = [layerTar(at('lower'), at('lower.tar')), layerTar(at('upper'), at('upper.tar'))];
  rich = dockerArchive(agent.directory, { name: 'rich:one', layers });
});
after(() => agent.remove());

const ok = (...args: string[]) => {
  const { status, out, err } = agent.docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
  return out.trim();
};

/** The root that umoci makes of an image. */
function unpacked(source: string, name: string): string {
  run('skopeo', 'copy', '--quiet', source, `oci:${at(`${name}.oci`)}:x`);
  run('umoci', 'unpack', '--image', `${at(`${name}.oci`)}:x`, at(`${name}.bundle`));
  return at(`${name}.bundle/rootfs`);
}

test('a saved image unpacks to the same files, owners, modes, attributes and times', () => {
  ok('load', '--input', rich.file);
  assert.equal(JSON.parse(ok('inspect', 'rich:one'))[0].Id, rich.id);
  ok('save', '--output', at('saved.tar'), 'rich:one');
  const original = listing(unpacked(`docker-archive:${rich.file}`, 'original'));
  assert.match(original, /etc\/owned\|f\|640\|1234:5678\|2/);
  assert.match(original, /security.capability/);
  assert.equal(listing(unpacked(`docker-archive:${at('saved.tar')}`, 'docker')), original);
  assert.equal(listing(unpacked(`oci-archive:${at('saved.tar')}`, 'oci')), original);
});

test('a layer whose root is opaque hides all below it', () => {
  for (const [name, file] of [
    ['below', 'old'],
    ['above', 'new'],
  ] as const) {
    mkdirSync(at(name));
    writeFileSync(at(name, file), `${file}\n`);
  }
  writeFileSync(at('above/.wh..wh..opq'), '');
  const layers = [layerTar(at('below'), at('below.tar')), layerTar(at('above'), at('above.tar'))];
  const image = dockerArchive(agent.directory, { name: 'opaque:root', layers });
  ok('load', '--input', image.file);
  const id = ok('create', 'opaque:root', '/new');
  ok('export', '--output', at('opaque.tar'), id);
  const names = run('tar', '-tf', at('opaque.tar')).trim().split('\n');
  assert.deepEqual(names.sort(), ['./', 'new']);
  ok('rm', id);
  ok('rmi', 'opaque:root');
});

test('what an archive says besides its files does not stop it', () => {
  const globalHeader = ['--format=pax', '--pax-option=globexthdr.name=pax_global_header,comment=of no meaning'];
  mkdirSync(at('plain'));
  run('tar', '-xf', rich.file, '-C', at('plain'));
  run('tar', ...globalHeader, '-cf', at('commented.tar'), '-C', at('plain'), '.');
  assert.match(readFileSync(at('commented.tar')).subarray(0, 1024).toString('latin1'), /comment=of no meaning/);
  assert.match(ok('load', '--input', at('commented.tar')), /Loaded image: rich:one/);
});

test('saving is deterministic, and what was saved loads again as the same image, elsewhere too', () => {
  ok('save', '--output', at('again.tar'), 'rich:one');
  assert.equal(sha256(readFileSync(at('again.tar'))), sha256(readFileSync(at('saved.tar'))));
  ok('rmi', 'rich:one');
  assert.match(ok('load', '--input', at('saved.tar')), /Loaded image: rich:one/);
  ok('save', '--output', at('again.tar'), 'rich:one');
  assert.equal(sha256(readFileSync(at('again.tar'))), sha256(readFileSync(at('saved.tar'))));
  const podman = ['--root', at('podman'), '--runroot', at('podman.run'), '--storage-driver', 'vfs'];
  assert.match(run('podman', ...podman, 'load', '--input', at('saved.tar')), /rich:one/);
  assert.equal(JSON.parse(run('podman', ...podman, 'inspect', 'rich:one'))[0].Id, rich.id.slice(7));
  run('podman', ...podman, 'rmi', '--all', '--force');
});

test('several images and names are saved with what they share once; a repository means all its tags', () => {
  ok('tag', 'rich:one', 'rich:two');
  ok('save', '--output', at('both.tar'), 'rich', 'busybox');
  const manifest = JSON.parse(run('tar', '-xOf', at('both.tar'), 'manifest.json'));
  assert.deepEqual(
    manifest.map((one: { RepoTags: string[] }) => one.RepoTags),
    [['rich:one', 'rich:two'], ['busybox:latest']],
  );
  const members = run('tar', '-tf', at('both.tar')).split('\n');
  assert.equal(new Set(members).size, members.length);
  const repositories = JSON.parse(run('tar', '-xOf', at('both.tar'), 'repositories'));
  assert.deepEqual(Object.keys(repositories.rich), ['one', 'two']);
  const missing = agent.docker('save', '--output', at('none.tar'), 'busybox', 'nothing');
  assert.match(missing.err, /No such image: nothing:latest/);
});

for (const [what, copy] of Object.entries({
  'an OCI archive of skopeo': 'oci-archive',
  'a Docker archive of skopeo': 'docker-archive',
})) {
  test(`${what} loads`, () => {
    const file = at(`${copy}.tar`);
    run('skopeo', 'copy', '--quiet', `docker-archive:${saved}`, `${copy}:${file}:copied/${copy}:1`);
    assert.match(ok('load', '--input', file), new RegExp(`copied/${copy}:1`));
    assert.equal(ok('run', '--rm', `copied/${copy}:1`, 'echo', 'runs'), 'runs');
    ok('rmi', `copied/${copy}:1`);
  });
}

test('a layout of umoci, in an index of an index, loads the image of this platform', () => {
  const layout = at('layout');
  run('skopeo', 'copy', '--quiet', `docker-archive:${saved}`, `oci:${layout}:a`);
  mkdirSync(at('inserted'));
  writeFileSync(at('inserted/file'), 'by umoci\n');
  run('umoci', 'insert', '--image', `${layout}:a`, at('inserted/file'), '/inserted');
  const blob = (text: string) => {
    const digest = sha256(Buffer.from(text));
    writeFileSync(path.join(layout, 'blobs/sha256', digest.slice(7)), text);
    return { digest, size: text.length, mediaType: 'application/vnd.oci.image.index.v1+json' };
  };
  const index = JSON.parse(readFileSync(path.join(layout, 'index.json'), 'utf8'));
  const [image] = index.manifests;
  const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? '';
  const inner = blob(
    JSON.stringify({
      schemaVersion: 2,
      manifests: [
        { ...image, digest: `sha256:${'0'.repeat(64)}`, platform: { os: 'linux', architecture: 's390x' } },
        { ...image, digest: sha256(Buffer.from('x')), platform: { os: 'unknown', architecture: 'unknown' } },
        { ...image, platform: { os: 'linux', architecture } },
      ],
    }),
  );
  const outer = blob(
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...inner, platform: { os: 'linux', architecture } }] }),
  );
  const annotations = { 'org.opencontainers.image.ref.name': 'nested:1' };
  writeFileSync(
    path.join(layout, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...outer, annotations }] }),
  );
  run('tar', '-cf', at('nested.tar'), '-C', layout, '.');
  assert.match(ok('load', '--input', at('nested.tar')), /nested:1/);
  assert.equal(ok('run', '--rm', 'nested:1', 'cat', '/inserted'), 'by umoci');
  const foreign = agent.docker('load', '--platform', 'linux/s390x', '--input', at('nested.tar'));
  assert.match(foreign.err, /no image for this platform/);
});

test('layers that came as zstd are kept and saved as they came', () => {
  const from = [
    '--dest-compress-format',
    'zstd',
    `docker-archive:${rich.file}`,
    `oci-archive:${at('zstd.tar')}:rich:zstd`,
  ];
  run('skopeo', 'copy', '--quiet', ...from);
  ok('rmi', 'rich:one', 'rich:two');
  ok('load', '--input', at('zstd.tar'));
  ok('save', '--output', at('zstd-saved.tar'), 'rich:zstd');
  const layers = (file: string) => JSON.parse(run('skopeo', 'inspect', '--raw', `oci-archive:${file}`)).layers;
  assert.match(layers(at('zstd.tar'))[0].mediaType, /zstd/);
  assert.deepEqual(layers(at('zstd-saved.tar')), layers(at('zstd.tar')));
});

test('a container is exported, imported with changes, committed, and compared', async () => {
  ok(
    'run',
    '--name',
    'worker',
    'busybox',
    'sh',
    '-c',
    'echo hi > /made; rm /bin/vi; chown 1000:1000 /made; mkdir -p /a/b; touch /etc/x',
  );
  const changes = ok('diff', 'worker').split('\n').sort();
  assert.deepEqual(changes, ['A /a', 'A /a/b', 'A /etc/x', 'A /made', 'C /bin', 'C /etc', 'D /bin/vi']);
  const change = [
    '--change',
    'CMD ["cat", "/made"]',
    '--change',
    'ENV A=b C="d e"',
    '--change',
    'LABEL made=yes',
    '--change',
    'EXPOSE 80 53/udp',
  ];
  const id = ok('commit', '--author', 'someone', '--message', 'why', ...change, 'worker', 'committed:1');
  assert.equal(ok('run', '--rm', 'committed:1'), 'hi');
  assert.equal(ok('run', '--rm', 'committed:1', 'stat', '-c', '%u:%g', '/made'), '1000:1000');
  assert.notEqual(agent.docker('run', '--rm', 'committed:1', 'ls', '/bin/vi').status, 0);
  const [image] = JSON.parse(ok('inspect', 'committed:1'));
  assert.equal(image.Id, id);
  assert.deepEqual([image.Author, image.Comment, image.Config.Labels.made], ['someone', 'why', 'yes']);
  assert.ok(image.Config.Env.includes('A=b') && image.Config.Env.includes('C=d e'));
  assert.deepEqual(Object.keys(image.Config.ExposedPorts), ['80/tcp', '53/udp']);
  assert.equal(image.Parent, JSON.parse(ok('inspect', 'busybox'))[0].Id);
  const history = ok('history', '--no-trunc', '--format', '{{.ID}} {{.Comment}} {{.Size}}', 'committed:1').split('\n');
  assert.equal(history[0], `${id} why 3B`);
  assert.match(history[1] ?? '', new RegExp(`^${image.Parent}`), 'the parent is here under its own id');

  run('sh', '-c', `docker -H unix://${agent.socket} export worker > ${at('exported.tar')}`);
  ok(
    'import',
    '--message',
    'again',
    '--change',
    'CMD ["sh", "-c", "cat /made && test ! -e /bin/vi"]',
    at('exported.tar'),
    'imported:1',
  );
  assert.equal(ok('run', '--rm', 'imported:1'), 'hi');
  run('gzip', '--keep', at('exported.tar'));
  ok('import', at('exported.tar.gz'), 'imported:2');
  const layers = (name: string) => JSON.parse(ok('inspect', name))[0].RootFS.Layers;
  assert.deepEqual(layers('imported:2'), layers('imported:1'));
  const wrong = agent.docker('import', '--change', 'RUN id', at('exported.tar'));
  assert.match(wrong.err, /RUN is not a valid change command/);
  rmSync(at('exported.tar'));
  ok('rm', 'worker');
});

test('an export of a running container has its own files and owners, and nothing that is mounted', () => {
  ok(
    'run',
    '--detach',
    '--name',
    'mounted',
    '-v',
    'inside:/data',
    'busybox',
    'sh',
    '-c',
    'echo x > /data/x; echo y > /y; chown 7:8 /y; sleep 1000',
  );
  run('sh', '-c', `until docker -H unix://${agent.socket} exec mounted test -e /y; do sleep 0.1; done`);
  run('sh', '-c', `docker -H unix://${agent.socket} export mounted > ${at('mounted.tar')}`);
  const members = run('tar', '--numeric-owner', '-tvf', at('mounted.tar'));
  assert.match(members, / 7\/8 .* (\.\/)?y\n/);
  assert.match(members, / (\.\/)?data\/\n/);
  assert.doesNotMatch(members, /data\/x|proc\/1\//);
  ok('rm', '--force', '--volumes', 'mounted');
  ok('volume', 'rm', 'inside');
});

test('committing pauses a running container meanwhile, and a container without changes adds no layer', async () => {
  ok('run', '--detach', '--name', 'busy', 'busybox', 'sh', '-c', 'touch /x; sleep 1000');
  ok('commit', 'busy', 'busy:1');
  assert.equal(ok('inspect', '--format', '{{.State.Status}}', 'busy'), 'running');
  const events = ok(
    'events',
    '--since',
    '1m',
    '--until',
    '0s',
    '--filter',
    'container=busy',
    '--format',
    '{{.Action}}',
  );
  assert.match(events, /pause\ncommit\nunpause/);
  ok('create', '--name', 'idle', 'busybox');
  ok('commit', 'idle', 'idle:1');
  const [image] = JSON.parse(ok('inspect', 'idle:1'));
  assert.deepEqual(image.RootFS.Layers, JSON.parse(ok('inspect', 'busybox'))[0].RootFS.Layers);
  ok('rm', '--force', 'busy', 'idle');
});
