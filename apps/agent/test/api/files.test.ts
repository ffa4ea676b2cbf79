/** The file browser of containers, running and stopped, and of volumes, by HTTP. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TestAgent } from './agent.ts';
import { request } from './http.ts';

const agent = new TestAgent();
let running = '';
let stopped = '';

before(async () => {
  await agent.start();
  running = ok('run', '-d', '-v', 'files:/v', '-v', 'files:/ro:ro', 'busybox', 'sleep', '1000');
  stopped = ok('create', 'busybox', 'sh', '-c', "stat -c '%u:%g %a' /etc/new /dir; cat /etc/new");
});
after(() => agent.remove());

function ok(...args: string[]): string {
  const { status, out, err } = agent.docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
  return out.trim();
}

interface Entry {
  Name: string;
  Type: string;
  Uid: number;
  Gid: number;
  Mode: number;
  Size: number;
  ModTime: string;
  LinkTarget: string;
}

const at = (base: string, verb: string, file: string, more = '') =>
  `/berth/${base}/${verb}?path=${encodeURIComponent(file)}${more}`;
const ask = (method: string, target: string, body?: Buffer | string, headers?: http.OutgoingHttpHeaders) =>
  request(agent.socket, method, target, { ...(body !== undefined && { body }), ...(headers && { headers }) });

async function list(base: string, directory: string): Promise<Entry[]> {
  const { status, json } = await ask('GET', at(base, 'files', directory));
  assert.equal(status, 200, json().message);
  return json().Entries;
}

async function refused(status: number, why: RegExp, ...what: Parameters<typeof ask>): Promise<void> {
  const answer = await ask(...what);
  assert.equal(answer.status, status, `${what[0]} ${what[1]}: ${answer.body}`);
  assert.match(answer.json().message, why);
}

test('what is made through the browser belongs to the container’s root, running or not', async () => {
  for (const base of [`containers/${running}`, `containers/${stopped}`]) {
    assert.equal((await ask('PUT', at(base, 'file', '/etc/new'), 'made\n')).status, 204);
    assert.equal((await ask('POST', at(base, 'directory', '/dir'))).status, 201);
    await refused(409, /it is there already/, 'POST', at(base, 'directory', '/dir'));
    const entry = (await list(base, '/etc')).find(({ Name }) => Name === 'new');
    assert.deepEqual(
      [entry?.Type, entry?.Uid, entry?.Gid, entry?.Mode, entry?.Size, entry?.LinkTarget],
      ['file', 0, 0, 0o644, 5, ''],
    );
    assert.match(entry?.ModTime ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  }
  const expected = '0:0 644\n0:0 755\nmade';
  assert.equal(ok('exec', running, 'sh', '-c', "stat -c '%u:%g %a' /etc/new /dir; cat /etc/new"), expected);
  assert.equal(ok('start', '-a', stopped), expected);
});

test('owners are those that the container knows, and a written file keeps them', async () => {
  const base = `containers/${running}`;
  ok('exec', running, 'sh', '-c', 'echo old > /mine; chown 12:34 /mine; chmod 640 /mine; ln -s /mine /soft');
  await ask('PUT', at(base, 'file', '/soft'), 'new\n');
  assert.equal(
    ok('exec', running, 'sh', '-c', "stat -c '%u:%g %a' /mine; cat /soft; readlink /soft"),
    '12:34 640\nnew\n/mine',
  );
  const [mine, soft] = ['mine', 'soft'].map(async (name) => (await list(base, '/')).find(({ Name }) => Name === name));
  assert.deepEqual([(await mine)?.Uid, (await mine)?.Gid], [12, 34]);
  assert.deepEqual([(await soft)?.Type, (await soft)?.LinkTarget], ['symlink', '/mine']);
});

test('a file is read whole, in part, or not again', async () => {
  const base = 'volumes/files';
  const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  assert.equal((await ask('PUT', at(base, 'file', '/binary'), content)).status, 204);
  const whole = await ask('GET', at(base, 'file', '/binary'));
  assert.deepEqual([whole.status, whole.body.equals(content)], [200, true]);
  assert.deepEqual(
    [whole.headers['content-type'], whole.headers['content-length']],
    ['application/octet-stream', '300000'],
  );
  const { etag = '' } = whole.headers;
  const part = async (range: string, more = {}) =>
    ask('GET', at(base, 'file', '/binary'), undefined, { Range: range, ...more });
  const middle = await part('bytes=1000-1999');
  assert.deepEqual([middle.status, middle.headers['content-range']], [206, 'bytes 1000-1999/300000']);
  assert.ok(middle.body.equals(content.subarray(1000, 2000)));
  assert.ok((await part('bytes=-10')).body.equals(content.subarray(-10)));
  assert.ok((await part('bytes=299990-')).body.equals(content.subarray(-10)));
  assert.equal((await part('bytes=300000-')).status, 416);
  assert.equal((await part('bytes=0-1', { 'If-Range': '"other"' })).status, 200);
  assert.equal((await part('bytes=0-1', { 'If-Range': etag })).status, 206);
  assert.equal((await ask('GET', at(base, 'file', '/binary'), undefined, { 'If-None-Match': etag })).status, 304);
  const head = await ask('HEAD', at(base, 'file', '/binary'));
  assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, '300000', 0]);
  ok('exec', running, 'sh', '-c', ': > /v/empty');
  const empty = await ask('GET', at(base, 'file', '/empty'));
  assert.deepEqual([empty.status, empty.body.length], [200, 0]);
  await ask('DELETE', at(base, 'file', '/binary'));
});

test('two editors do not write over each other', async () => {
  const base = `containers/${running}`;
  const file = at(base, 'file', '/edited');
  assert.equal((await ask('PUT', file, 'one', { 'If-None-Match': '*' })).status, 204);
  await refused(412, /it has changed meanwhile/, 'PUT', file, 'two', { 'If-None-Match': '*' });
  const seen = (await ask('GET', file)).headers;
  const written = await ask('PUT', file, 'two', { 'If-Match': seen.etag });
  assert.equal(written.status, 204);
  await refused(412, /it has changed meanwhile/, 'PUT', file, 'three', { 'If-Match': seen.etag });
  ok('exec', running, 'sh', '-c', 'echo inside >> /edited');
  await refused(412, /it has changed meanwhile/, 'PUT', file, 'three', { 'If-Match': written.headers.etag });
  await refused(412, /it has changed meanwhile/, 'PUT', file, 'x', {
    'If-Unmodified-Since': new Date(0).toUTCString(),
  });
  const { etag } = (await ask('GET', file)).headers;
  assert.equal((await ask('PUT', file, 'three', { 'If-Match': `"none", ${etag}` })).status, 204);
  assert.equal((await ask('PUT', file, 'four', { 'If-Match': '*' })).status, 204);
  await refused(412, /it has changed meanwhile/, 'PUT', at(base, 'file', '/missing'), 'x', { 'If-Match': etag });
  const last = new Date((await list(base, '/')).find(({ Name }) => Name === 'edited')?.ModTime ?? '').toUTCString();
  assert.equal((await ask('PUT', file, 'five', { 'If-Unmodified-Since': last })).status, 204);
  // Many at once, all of which saw the same.
  const now = (await ask('GET', file)).headers.etag;
  const many = await Promise.all(
    Array.from({ length: 8 }, (_, index) => ask('PUT', file, `many ${index}`, { 'If-Match': now })),
  );
  assert.equal(many.filter(({ status }) => status === 204).length, 1);
});

test('files and directories are removed, full ones only when that is said, mounts and the root never', async () => {
  const base = `containers/${running}`;
  ok('exec', running, 'sh', '-c', 'mkdir -p /full/deeper; touch /full/deeper/file /single; ln -s /etc /full/link');
  assert.equal((await ask('DELETE', at(base, 'file', '/single'))).status, 204);
  await refused(409, /not empty/, 'DELETE', at(base, 'file', '/full'));
  assert.equal((await ask('DELETE', at(base, 'file', '/full', '&recursive=1'))).status, 204);
  await refused(404, /Could not find the file \/full in container/, 'DELETE', at(base, 'file', '/full'));
  for (const mount of ['/v', '/proc', '/dev', '/etc/hosts'])
    await refused(409, /something is mounted there/, 'DELETE', at(base, 'file', mount, '&recursive=1'));
  await refused(409, /something is mounted there/, 'DELETE', at(base, 'file', '/etc', '&recursive=1'));
  await refused(409, /something is mounted there/, 'PUT', at(base, 'file', '/etc/hosts'), 'x');
  for (const none of ['/', '..', '/etc/..'])
    await refused(400, /not a regular file/, 'DELETE', at(base, 'file', none, '&recursive=1'));
  assert.match(ok('exec', running, 'ls', '/etc/hosts', '/v', '/bin/sh'), /hosts/);
});

test('nothing that is read-only is changed', async () => {
  const base = `containers/${running}`;
  await refused(403, /mounted volume is marked read-only/, 'PUT', at(base, 'file', '/ro/x'), 'x');
  await refused(403, /mounted volume is marked read-only/, 'POST', at(base, 'directory', '/ro/x'));
  const readOnly = ok('run', '-d', '--read-only', '-v', 'files:/v', 'busybox', 'sleep', '1000');
  const never = ok('create', '--read-only', 'busybox');
  for (const id of [readOnly, never]) {
    const text = /container rootfs is marked read-only/;
    await refused(403, text, 'PUT', at(`containers/${id}`, 'file', '/etc/x'), 'x');
    await refused(403, text, 'DELETE', at(`containers/${id}`, 'file', '/etc/passwd'));
    await refused(403, text, 'POST', at(`containers/${id}`, 'directory', '/x'));
  }
  assert.equal((await ask('PUT', at(`containers/${readOnly}`, 'file', '/v/x'), 'x')).status, 204);
  ok('rm', '-f', readOnly, never);
});

test('what is no file is told so, and no path is a file of the host', async () => {
  const base = `containers/${running}`;
  ok('exec', running, 'sh', '-c', 'mkfifo /fifo; ln -s ../../../../../../../../proc/1/root/etc/passwd /out');
  await refused(400, /it is a directory/, 'GET', at(base, 'file', '/etc'));
  await refused(400, /not a regular file/, 'GET', at(base, 'file', '/fifo'));
  await refused(400, /not a regular file/, 'GET', at(base, 'file', '/dev/zero'));
  await refused(400, /not a regular file/, 'PUT', at(base, 'file', '/dev/null'), 'x');
  await refused(403, /belongs to the kernel/, 'GET', at(base, 'file', '/proc/kmsg'));
  await refused(403, /belongs to the kernel/, 'GET', at(base, 'file', '/proc/1/environ'));
  await refused(403, /belongs to the kernel/, 'POST', at(base, 'directory', '/proc/x'));
  await refused(400, /too many links/, 'GET', at(base, 'file', '/out'));
  await refused(404, /Could not find/, 'GET', at(base, 'file', '/nowhere'));
  await refused(400, /not a directory/, 'GET', at(base, 'files', '/etc/hostname'));
  await refused(400, /path/, 'GET', `/berth/${base}/file`);
  await refused(400, /path/, 'GET', at(base, 'file', '/etc/passwd\0x'));
  await refused(404, /No such container/, 'GET', at('containers/none', 'files', '/'));
  await refused(404, /no such volume/, 'GET', at('volumes/none', 'files', '/'));
  const proc = await list(base, '/proc');
  assert.ok(proc.some(({ Name, Type }) => Name === '1' && Type === 'directory'));
  assert.ok((await list(base, '/dev')).some(({ Name, Type }) => Name === 'null' && Type === 'char'));
});

test('names with newlines, and more of them than a listing has', async () => {
  const name = 'two\nlines & <b>\u{1f4e6}';
  const base = 'volumes/files';
  assert.equal((await ask('POST', at(base, 'directory', '/many'))).status, 201);
  assert.equal((await ask('PUT', at(base, 'file', `/many/${name}`), 'odd')).status, 204);
  assert.equal((await list(base, '/many'))[0]?.Name, name);
  assert.equal((await ask('GET', at(base, 'file', `/many/${name}`))).body.toString(), 'odd');
  const script = 'import os,sys\nfor n in range(10500): open(sys.argv[1]+"/%05d" % n, "w").close()';
  const many = path.join(agent.directory, 'data/volumes/files/_data/many');
  assert.equal(spawnSync('python3', ['-c', script, many]).status, 0);
  const { Entries, Truncated } = (await ask('GET', at(base, 'files', '/many'))).json();
  assert.deepEqual([Entries.length, Truncated, Entries[9999].Name], [10_000, true, '09999']);
  assert.equal((await ask('DELETE', at(base, 'file', '/many', '&recursive=1'))).status, 204);
});

test('a write that breaks off changes nothing, and a file too large is refused before it comes', async () => {
  const base = 'volumes/files';
  await ask('PUT', at(base, 'file', '/kept'), 'kept');
  await new Promise<void>((resolve) => {
    const sent = http.request({ socketPath: agent.socket, method: 'PUT', path: at(base, 'file', '/kept') });
    sent.on('error', () => resolve());
    sent.write('half');
    setTimeout(() => sent.destroy(), 300);
  });
  await refused(413, /more than 1073741824 bytes/, 'PUT', at(base, 'file', '/kept'), '', {
    'Content-Length': 2 ** 31,
  });
  const place = path.join(agent.directory, 'data/volumes/files/_data');
  assert.equal(readFileSync(path.join(place, 'kept'), 'utf8'), 'kept');
  assert.deepEqual(
    readdirSync(place).filter((name) => name.startsWith('.berth')),
    [],
  );
});

test('the files of a volume that is elsewhere are not reached here', async () => {
  ok('volume', 'create', '--opt', 'type=none', '--opt', 'o=bind', '--opt', 'device=/etc', 'elsewhere');
  await refused(400, /at \/etc of the host/, 'GET', at('volumes/elsewhere', 'files', '/'));
  await refused(400, /at \/etc of the host/, 'PUT', at('volumes/elsewhere', 'file', '/x'), 'x');
  await refused(400, /at \/etc of the host/, 'GET', '/berth/volumes/elsewhere/archive');
  await refused(400, /at \/etc of the host/, 'PUT', '/berth/volumes/elsewhere/archive?replace=1', 'x');
  ok('volume', 'rm', 'elsewhere');
});
