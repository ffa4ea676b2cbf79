/** Volumes by the docker CLI and by HTTP: as Docker has them, seeded, pruned to the byte, backed up and restored. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { TestAgent } from './agent.ts';
import { request } from './http.ts';

const agent = new TestAgent();
const data = path.join(agent.directory, 'data');
const shared = path.join(agent.directory, 'shared');

after(() => agent.remove());

before(async () => {
  await agent.start();
  mkdirSync(shared);
  chmodSync(agent.directory, 0o711);
  seededImage();
});

function ok(...args: string[]): string {
  const { status, out, err } = agent.docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
  return out.trim();
}

function fails(why: RegExp, ...args: string[]): void {
  const { status, err } = agent.docker(...args);
  assert.notEqual(status, 0, `docker ${args.join(' ')}`);
  assert.match(err, why);
}

const ask = (method: string, target: string, body?: Buffer | string, headers?: http.OutgoingHttpHeaders) =>
  request(agent.socket, method, target, { ...(body !== undefined && { body }), ...(headers && { headers }) });

/** busybox with files where volumes are to be. */
function seededImage(): void {
  const tree = path.join(agent.directory, 'tree');
  const container = ok('create', 'busybox');
  mkdirSync(tree);
  const tar = path.join(agent.directory, 'busybox.tar');
  ok('export', '-o', tar, container);
  assert.equal(spawnSync('tar', ['-xf', tar, '-C', tree]).status, 0);
  ok('rm', container);
  mkdirSync(path.join(tree, 'data/sub/deeper'), { recursive: true });
  writeFileSync(path.join(tree, 'data/file'), 'seeded\n');
  writeFileSync(path.join(tree, 'data/sub/deeper/file'), 'deep\n');
  symlinkSync('/data', path.join(tree, 'link'));
  spawnSync('chown', ['123:456', path.join(tree, 'data'), path.join(tree, 'data/file')]);
  chmodSync(path.join(tree, 'data'), 0o1771);
  attribute(path.join(tree, 'data/file'), 'yes');
  const image = path.join(agent.directory, 'image');
  mkdirSync(image);
  const layer = path.join(image, 'layer.tar');
  assert.equal(spawnSync('tar', ['--xattrs', '-C', tree, '-cf', layer, '.']).status, 0);
  const diffId = `sha256:${createHash('sha256').update(readFileSync(layer)).digest('hex')}`;
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Cmd: ['true'], Volumes: { '/data': {} } },
    rootfs: { type: 'layers', diff_ids: [diffId] },
  };
  writeFileSync(path.join(image, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: ['seeded:latest'], Layers: ['layer.tar'] }];
  writeFileSync(path.join(image, 'manifest.json'), JSON.stringify(manifest));
  const archive = path.join(agent.directory, 'image.tar');
  assert.equal(spawnSync('tar', ['-C', image, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar']).status, 0);
  ok('load', '--input', archive);
}

/** Sets an extended attribute, or tells it. */
function attribute(file: string, value?: string): string {
  const script =
    'import os,sys\nf,*v=sys.argv[1:]\nv and os.setxattr(f,"user.kept",v[0].encode())\nprint(os.getxattr(f,"user.kept").decode(),end="")';
  return String(spawnSync('python3', ['-c', script, file, ...(value === undefined ? [] : [value])]).stdout);
}

const place = (name: string) => path.join(data, 'volumes', name, '_data');

test('a volume is created once, with labels; again it is the same; its name is checked', async () => {
  assert.equal(ok('volume', 'create', '--label', 'a=b', '--label', 'c', 'one'), 'one');
  assert.equal(ok('volume', 'create', 'one'), 'one');
  const [one] = JSON.parse(ok('volume', 'inspect', 'one'));
  assert.deepEqual(
    [one.Name, one.Driver, one.Scope, one.Labels, one.Options, one.Mountpoint],
    ['one', 'local', 'local', { a: 'b', c: '' }, null, place('one')],
  );
  assert.match(one.CreatedAt, /^\d{4}-\d\d-\d\dT/);
  for (const name of ['../x', 'a/b', '-a', 'x'])
    fails(
      /includes invalid characters|no such volume|unknown/,
      'volume',
      ...(name === 'x' ? ['inspect', 'x'] : ['create', '--', name]),
    );
  fails(/plugin "rexray" not found/, 'volume', 'create', '--driver', 'rexray', 'x');
  fails(/no such volume/, 'volume', 'rm', 'missing');
  ok('volume', 'rm', '--force', 'missing');
  const cluster = await ask('PUT', '/v1.50/volumes/one?version=1', '{}');
  assert.equal(cluster.status, 503);
  ok('volume', 'rm', 'one');
  assert.equal(existsSync(path.dirname(place('one'))), false);
});

test('options of the driver are honoured or refused with the reason', () => {
  const create = (...options: string[]) => ['volume', 'create', ...options.flatMap((one) => ['--opt', one]), 'opt'];
  fails(/missing required option: "device"/, ...create('type=tmpfs'));
  fails(/missing required option: "device"/, ...create('o=bind'));
  fails(/invalid option: "made"/, ...create('made=up'));
  fails(/no quota support/, ...create('size=1g'));
  fails(/mount it on the host/, ...create('type=nfs', 'o=addr=10.0.0.1', 'device=:/x'));
  fails(/invalid mount option/, ...create('type=tmpfs', 'device=tmpfs', 'o=size=1m,exploit=1'));
  fails(/absolute path/, ...create('type=none', 'o=bind', 'device=relative'));
  ok(...create('type=tmpfs', 'device=tmpfs', 'o=size=1m'));
  assert.deepEqual(JSON.parse(ok('volume', 'inspect', 'opt'))[0].Options, {
    device: 'tmpfs',
    o: 'size=1m',
    type: 'tmpfs',
  });
  fails(/volume name must be unique/, ...create('type=tmpfs', 'device=tmpfs', 'o=size=2m'));
  ok(...create('type=tmpfs', 'device=tmpfs', 'o=size=1m'));
  ok('volume', 'create', 'opt');
  ok('volume', 'rm', 'opt');
});

test('a volume of memory has its size, mode and owner, and is one container’s', () => {
  ok(
    'volume',
    'create',
    '--opt',
    'type=tmpfs',
    '--opt',
    'device=tmpfs',
    '--opt',
    'o=size=64k,mode=700,uid=12',
    'memory',
  );
  const script = "stat -c '%a %u' /m; grep ' /m ' /proc/mounts; dd if=/dev/zero of=/m/full bs=1k count=100 2>&1";
  const { out } = agent.docker('run', '--rm', '-v', 'memory:/m', 'busybox', 'sh', '-c', script);
  assert.match(out, /^700 12\n/);
  assert.match(out, /^tmpfs \/m tmpfs .*size=64k/m);
  assert.match(out, /No space left/);
  const first = ok('run', '-d', '-v', 'memory:/m', 'busybox', 'sleep', '1000');
  fails(/containers do not share it here/, 'run', '--rm', '-v', 'memory:/m', 'busybox', 'true');
  ok('rm', '-f', first);
  assert.equal(ok('run', '--rm', '-v', 'memory:/m', 'busybox', 'ls', '/m'), '');
  ok('volume', 'rm', 'memory');
});

test('a volume that is a path of the host is judged as a bind: told where it weakens, refused where it is ours', () => {
  const volume = (name: string, device: string) =>
    ok('volume', 'create', '--opt', 'type=none', '--opt', 'o=bind', '--opt', `device=${device}`, name);
  volume('host', shared);
  assert.equal(ok('run', '--rm', '-v', 'host:/h', 'busybox', 'sh', '-c', 'echo in > /h/file; cat /h/file'), 'in');
  assert.equal(readFileSync(path.join(shared, 'file'), 'utf8'), 'in\n');
  assert.notEqual(agent.docker('run', '--rm', '-v', 'host:/h:ro', 'busybox', 'touch', '/h/x').status, 0);
  volume('etc', '/etc');
  const id = ok('create', '-v', 'etc:/e', 'busybox', 'true');
  const weakenings = JSON.parse(ok('inspect', id))[0].Berth.Weakenings;
  assert.deepEqual(weakenings, [{ Kind: 'host-path', Detail: '/etc', At: '/e' }]);
  ok('rm', id);
  volume('ours', data);
  fails(/belongs to the agent itself/, 'create', '-v', 'ours:/x', 'busybox');
  fails(
    /belongs to the agent itself/,
    'create',
    '--mount',
    `type=volume,target=/x,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=${data}/containers`,
    'busybox',
  );
  // A link that leads there only later: at the start.
  const link = path.join(agent.directory, 'link');
  symlinkSync(shared, link);
  volume('later', link);
  const late = ok('create', '-v', 'later:/x', 'busybox', 'true');
  spawnSync('ln', ['-sfn', data, link]);
  fails(/belongs to the agent itself/, 'start', late);
  ok('rm', late);
  ok('volume', 'rm', 'host', 'etc', 'ours', 'later');
  assert.equal(readFileSync(path.join(shared, 'file'), 'utf8'), 'in\n', 'a path of the host stays');
});

test('an empty volume begins with what the image has there: content, owner, mode, attributes, through links', () => {
  const look = "stat -c '%u:%g %a' /data /data/file; cat /data/file /data/sub/deeper/file";
  const expected = '123:456 1771\n123:456 644\nseeded\ndeep';
  assert.equal(ok('run', '--rm', '-v', 'seed:/data', 'seeded', 'sh', '-c', look), expected);
  assert.equal(attribute(path.join(place('seed'), 'file')), 'yes');
  ok('run', '--rm', '-v', 'seed:/data', 'seeded', 'sh', '-c', 'rm /data/file');
  assert.equal(ok('run', '--rm', '-v', 'seed:/data', 'seeded', 'ls', '/data'), 'sub', 'only an empty one');
  assert.equal(ok('run', '--rm', '-v', 'linked:/link', 'seeded', 'cat', '/data/file'), 'seeded');
  // Two of them, one below the other.
  const both = ok(
    'run',
    '--rm',
    '-v',
    'outer:/data',
    '-v',
    'inner:/data/sub',
    'seeded',
    'cat',
    '/data/file',
    '/data/sub/deeper/file',
  );
  assert.equal(both, 'seeded\ndeep');
  assert.deepEqual(readdirSync(place('inner')), ['deeper']);
  for (const option of ['-v=none:/data:nocopy', '--mount=type=volume,src=none,dst=/data,volume-nocopy'])
    assert.equal(ok('run', '--rm', option, 'seeded', 'ls', '/data'), '');
  // Below a container that has it: in place, since it keeps its directory.
  const first = ok('run', '-d', '-v', 'used:/u', 'busybox', 'sleep', '1000');
  assert.equal(ok('run', '--rm', '-v', 'used:/data', 'seeded', 'cat', '/data/file'), 'seeded');
  assert.equal(ok('exec', first, 'cat', '/u/file'), 'seeded');
  ok('rm', '-f', first);
  ok('volume', 'rm', 'seed', 'linked', 'outer', 'inner', 'none', 'used');
  assert.deepEqual(readdirSync(path.join(data, 'tmp')), []);
});

test('volumes without a name go with rm -v and --rm, not else, and not while another has them', () => {
  const volumes = () => ok('volume', 'ls', '-q').split('\n').filter(Boolean);
  ok('run', '--rm', '-v', '/more', 'seeded', 'sh', '-c', 'cat /data/file; echo x > /more/x');
  assert.deepEqual(volumes(), []);
  const kept = ok('create', 'seeded', 'true');
  const [name = ''] = volumes();
  assert.match(name, /^[0-9a-f]{64}$/);
  assert.deepEqual(JSON.parse(ok('volume', 'inspect', name))[0].Labels, { 'com.docker.volume.anonymous': '' });
  const other = ok('create', '--volumes-from', `${kept}:ro`, 'busybox', 'touch', '/data/x');
  const [mount] = JSON.parse(ok('inspect', other))[0].Mounts;
  assert.deepEqual([mount.Name, mount.Destination, mount.RW], [name, '/data', false]);
  assert.notEqual(agent.docker('start', '-a', other).status, 0);
  ok('rm', '-v', kept);
  assert.deepEqual(volumes(), [name]);
  fails(/volume is in use/, 'volume', 'rm', name);
  ok('rm', '-v', other);
  assert.deepEqual(volumes(), []);
  ok('rm', ok('create', 'seeded', 'true'));
  assert.equal(volumes().length, 1);
  ok('volume', 'prune', '-f');
  fails(/seccomp/, 'create', '-v', '/x', '--security-opt', 'seccomp={"defaultAction":"SCMP_ACT_NONE"}', 'busybox');
  fails(
    /already in use/,
    'create',
    '-v',
    '/x',
    '--name',
    'taken',
    'busybox',
    ok('create', '--name', 'taken', 'busybox'),
  );
  ok('rm', 'taken');
  assert.deepEqual(volumes(), []);
});

test('a part of a volume is mounted, by the kernel inside it; none that is not there', () => {
  ok(
    'run',
    '--rm',
    '-v',
    'parts:/p',
    'busybox',
    'sh',
    '-c',
    'mkdir -p /p/a/b; echo b > /p/a/b/file; ln -s /a /p/link; ln -s ../../../../../etc /p/out',
  );
  const run = (subpath: string, ...command: string[]) =>
    [
      'run',
      '--rm',
      '--mount',
      `type=volume,src=parts,dst=/m,volume-subpath=${subpath}`,
      'busybox',
      ...command,
    ] as const;
  assert.equal(ok(...run('a/b', 'cat', '/m/file')), 'b');
  assert.equal(ok(...run('link/b', 'cat', '/m/file')), 'b');
  fails(/No such file/i, ...run('missing', 'true'));
  fails(/No such file/i, ...run('out', 'true'));
  fails(/relative path within the volume/, ...run('../x', 'true'));
  ok('volume', 'rm', 'parts');
});

test('a mount brings labels and options of its volume', () => {
  const mount =
    'type=volume,src=made,dst=/m,volume-label=a=b,volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-opt=o=size=32k';
  assert.match(ok('run', '--rm', '--mount', mount, 'busybox', 'grep', ' /m ', '/proc/mounts'), /size=32k/);
  const [made] = JSON.parse(ok('volume', 'inspect', 'made'));
  assert.deepEqual([made.Labels, made.Options.o], [{ a: 'b' }, 'size=32k']);
  fails(/volume name must be unique/, 'create', '--mount', mount.replace('32k', '64k'), 'busybox');
  ok('volume', 'rm', 'made');
});

test('filters of the list', () => {
  ok('volume', 'create', '--label', 'kind=a', 'list-a');
  ok('volume', 'create', '--label', 'kind=b', 'list-b');
  const id = ok('create', '-v', 'list-a:/x', 'busybox');
  const ls = (...filters: string[]) =>
    ok('volume', 'ls', '-q', ...filters.flatMap((one) => ['--filter', one]))
      .split('\n')
      .filter(Boolean);
  assert.deepEqual(ls(), ['list-a', 'list-b']);
  assert.deepEqual(ls('name=list-a'), ['list-a']);
  assert.deepEqual(ls('name=^list-[ab]$').length, 0, 'brackets are no part of a simple pattern');
  assert.deepEqual(ls('name=^list'), ['list-a', 'list-b']);
  assert.deepEqual(ls('label=kind'), ['list-a', 'list-b']);
  assert.deepEqual(ls('label=kind=b'), ['list-b']);
  assert.deepEqual(ls('driver=local', 'dangling=true'), ['list-b']);
  assert.deepEqual(ls('dangling=false'), ['list-a']);
  assert.deepEqual(ls('driver=other'), []);
  fails(/invalid filter/, 'volume', 'ls', '--filter', 'dangling=perhaps');
  fails(/invalid filter 'colour'/, 'volume', 'ls', '--filter', 'colour=red');
  ok('rm', id);
  ok('volume', 'rm', 'list-a', 'list-b');
});

test('a prune takes what nobody uses, and tells what that was to the byte', async () => {
  const used = ok('run', '-d', '-v', 'in-use:/x', 'busybox', 'sleep', '1000');
  for (const [name, label] of [
    ['p1', 'a=1'],
    ['p2', 'a=2'],
  ] as const) {
    ok('volume', 'create', '--label', label, name);
    const script =
      'printf 12345 > /x/file; ln /x/file /x/again; mkdir /x/d; truncate -s 1G /x/d/sparse; ln -s 123 /x/link';
    ok('run', '--rm', '-v', `${name}:/x`, 'busybox', 'sh', '-c', script);
  }
  ok('rm', ok('create', '-v', '/unnamed', 'busybox'));
  const each = 5 + 2 ** 30 + 3;
  const df = (await ask('GET', '/v1.50/system/df')).json();
  const usage = new Map(df.Volumes.map((one: { Name: string; UsageData: object }) => [one.Name, one.UsageData]));
  assert.deepEqual(usage.get('p1'), { Size: each, RefCount: 0 });
  assert.deepEqual(usage.get('in-use'), { Size: 0, RefCount: 1 });
  const prune = async (filters: object) =>
    (await ask('POST', `/v1.50/volumes/prune?filters=${encodeURIComponent(JSON.stringify(filters))}`)).json();
  assert.deepEqual(await prune({ all: ['true'], label: ['a=1'] }), { VolumesDeleted: ['p1'], SpaceReclaimed: each });
  assert.deepEqual(await prune({ all: ['true'], 'label!': ['a'] }).then((one) => one.VolumesDeleted.length), 1);
  assert.deepEqual((await prune({})).VolumesDeleted, []);
  assert.match((await prune({ until: ['1h'] })).message, /invalid filter/);
  const old = (await ask('POST', '/v1.41/volumes/prune')).json();
  assert.deepEqual(old, { VolumesDeleted: ['p2'], SpaceReclaimed: each });
  ok('rm', '-f', used);
  ok('volume', 'rm', 'in-use');
});

test('events of a volume’s life', async () => {
  const since = String(Date.now() / 1000);
  ok('volume', 'create', 'told');
  const id = ok('run', '-d', '-v', 'told:/t:ro', 'busybox', 'true');
  ok('wait', id);
  await setTimeout(200);
  ok('rm', id);
  ok('volume', 'rm', 'told');
  ok('volume', 'prune', '-f');
  const lines = ok(
    'events',
    '--since',
    since,
    '--until',
    String(Date.now() / 1000),
    '--filter',
    'type=volume',
    '--format',
    '{{json .}}',
  );
  const seen = lines.split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(
    seen.map(({ Action, Actor }) => [Action, Actor.ID]),
    [
      ['create', 'told'],
      ['mount', 'told'],
      ['unmount', 'told'],
      ['destroy', 'told'],
      ['prune', ''],
    ],
  );
  assert.deepEqual(seen[1].Actor.Attributes, {
    container: id,
    destination: '/t',
    driver: 'local',
    propagation: '',
    'read/write': 'false',
  });
  assert.deepEqual(seen[2].Actor.Attributes, { container: id, driver: 'local' });
  assert.deepEqual(seen[4].Actor.Attributes, { reclaimed: '0' });
});

test('a backup has owners, modes, attributes and times; a restore gives them back', async () => {
  const script =
    'umask 0; mkdir /x/d; echo one > /x/d/file; chown 12:34 /x/d/file; chmod 4751 /x/d/file; ln /x/d/file /x/hard; ln -s d/file /x/soft; mkfifo /x/fifo; touch -d "2001-02-03 04:05:06" /x/d; chmod 1770 /x; chown 5:6 /x';
  ok('run', '--rm', '-v', 'backed:/x', 'busybox', 'sh', '-c', script);
  attribute(path.join(place('backed'), 'd/file'), 'yes');
  const look = (name: string) =>
    String(spawnSync('find', ['.', '-printf', '%P %y %m %U:%G %s %Ts %n %l\n'], { cwd: place(name) }).stdout)
      .split('\n')
      .sort()
      .map((line) => line.replace(/( d \d+ \d+:\d+) \d+/, '$1'));
  const backup = await ask('GET', '/berth/volumes/backed/archive');
  assert.equal(backup.headers['content-type'], 'application/x-tar');
  ok('volume', 'create', 'restored');
  const put = await ask('PUT', '/berth/volumes/restored/archive', backup.body);
  assert.equal(put.status, 200, put.body.toString());
  assert.deepEqual(look('restored'), look('backed'));
  assert.equal(attribute(path.join(place('restored'), 'd/file')), 'yes');
  // Compressed, over what is there.
  writeFileSync(path.join(place('restored'), 'old'), 'old');
  const packed = spawnSync('gzip', ['-c'], { input: backup.body, maxBuffer: 1 << 26 }).stdout;
  assert.equal((await ask('PUT', '/berth/volumes/restored/archive', packed)).status, 409);
  assert.ok(existsSync(path.join(place('restored'), 'old')));
  assert.equal((await ask('PUT', '/berth/volumes/restored/archive?replace=1', packed)).status, 200);
  assert.deepEqual(look('restored'), look('backed'));
  // A part of it.
  const part = await ask('GET', '/berth/volumes/backed/archive?path=/d');
  const names = String(spawnSync('tar', ['-tf', '-'], { input: part.body }).stdout);
  assert.equal(names, 'd/\nd/file\n');
  assert.equal((await ask('GET', '/berth/volumes/backed/archive?path=/missing')).status, 404);
  assert.equal((await ask('PUT', '/berth/volumes/restored/archive?path=/d', part.body)).status, 200);
  assert.equal(readFileSync(path.join(place('restored'), 'd/d/file'), 'utf8'), 'one\n');
  assert.equal((await ask('PUT', '/berth/volumes/restored/archive?path=/hard', part.body)).status, 400);
  ok('volume', 'rm', 'backed', 'restored');
});

test('a broken or cut archive leaves what was there', async () => {
  ok('run', '--rm', '-v', 'safe:/x', 'busybox', 'sh', '-c', 'echo kept > /x/file');
  const tar = spawnSync('tar', ['-C', shared, '-b1', '-cf', '-', '.']).stdout;
  const target = '/berth/volumes/safe/archive?replace=1';
  for (const broken of [
    Buffer.alloc(0),
    Buffer.from('no archive'.repeat(500)),
    tar.subarray(0, 600),
    tar.subarray(0, tar.length - 1024),
  ]) {
    const { status, json } = await ask('PUT', target, broken);
    assert.equal(status, 400);
    assert.match(json().message, /the archive cannot be extracted/);
  }
  // The client goes in the middle.
  await new Promise<void>((resolve) => {
    const sent = http.request({ socketPath: agent.socket, method: 'PUT', path: target, agent: false });
    sent.on('error', () => resolve());
    sent.write(tar.subarray(0, 512));
    void setTimeout(200).then(() => sent.destroy());
  });
  await setTimeout(300);
  assert.deepEqual(readdirSync(place('safe')), ['file']);
  assert.equal(readFileSync(path.join(place('safe'), 'file'), 'utf8'), 'kept\n');
  assert.deepEqual(readdirSync(path.join(data, 'tmp')), []);
  ok('volume', 'rm', 'safe');
});

test('what a running container has is restored only by force, and the container sees it', async () => {
  const id = ok('run', '-d', '-v', 'busy:/x', 'busybox', 'sh', '-c', 'echo old > /x/old; mkdir /x/both; sleep 1000');
  const tree = path.join(agent.directory, 'restore');
  mkdirSync(path.join(tree, 'both'), { recursive: true });
  writeFileSync(path.join(tree, 'both/new'), 'new\n');
  chmodSync(tree, 0o1777);
  const tar = spawnSync('tar', ['-C', tree, '-cf', '-', '.']).stdout;
  const refused = await ask('PUT', '/berth/volumes/busy/archive?replace=1', tar);
  assert.equal(refused.status, 409);
  assert.match(refused.json().message, /a running container uses the volume/);
  assert.equal((await ask('PUT', '/berth/volumes/busy/archive?replace=1&force=1', tar)).status, 200);
  assert.equal(ok('exec', id, 'sh', '-c', 'ls /x; cat /x/both/new; stat -c %a /x'), 'both\nnew\n1777');
  assert.deepEqual(readdirSync(path.dirname(place('busy'))), ['_data']);
  ok('rm', '-f', id);
  ok('volume', 'rm', 'busy');
});
