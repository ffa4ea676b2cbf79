/** docker pull, push and login, unmodified, through the agent at Debian's docker-registry; skopeo on the other side. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { DockerRegistry, password, user } from '../registry/docker-registry.ts';
import { TestAgent } from './agent.ts';

const agent = new TestAgent();
const plain = new DockerRegistry({ port: 5000, namespace: agent.name });
const closed = new DockerRegistry({ port: 5001, namespace: agent.name, auth: 'htpasswd' });
const starter = path.resolve(import.meta.dirname, '../../../../.setup/starter-image.tar');
const archive = `docker-archive:${starter}`;
const credentials = `${user}:${password}`;
const configDirectory = path.join(agent.directory, 'docker-config');
const docker = (...args: string[]) => agent.docker('--config', configDirectory, ...args);

function ok(...args: string[]): string {
  const { status, out, err } = docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}${out}`);
  return out.trim();
}

/** Of a manifest as the registry has it. */
function remoteDigest(host: string, name: string): string {
  const answer = plain.inside(
    'skopeo',
    'inspect',
    '--tls-verify=false',
    '--format',
    '{{.Digest}}',
    `docker://${host}/${name}`,
  );
  assert.equal(answer.status, 0, answer.stderr);
  return answer.stdout.trim();
}

/** One whose layers nothing else has. */
function umociImage(): string {
  const layout = path.join(agent.directory, 'umoci');
  const image = `${layout}:x`;
  const must = (...args: string[]) => assert.equal(plain.inside('umoci', ...args).status, 0, args.join(' '));
  must('init', '--layout', layout);
  must('new', '--image', image);
  for (const file of ['/bin/busybox', '/etc/hostname']) {
    const bundle = path.join(agent.directory, `bundle${file.replaceAll('/', '-')}`);
    must('unpack', '--image', image, bundle);
    cpSync(file, path.join(bundle, 'rootfs', file), { recursive: true });
    must('repack', '--image', image, bundle);
  }
  must('config', '--image', image, '--config.cmd', '/bin/busybox', '--config.cmd', 'true');
  return `oci:${image}`;
}

before(async () => {
  mkdirSync(configDirectory, { recursive: true });
  await Promise.all([agent.start(), plain.start(), closed.start()]);
  plain.push(archive, 'team/app:1');
  plain.push(archive, 'team/app:2', '--format', 'oci');
  closed.push(archive, 'secret:1', '--dest-creds', credentials);
  plain.push(umociImage(), 'foreign/made:1');
});
after(async () => {
  await Promise.all([plain.stop(), closed.stop()]);
  await agent.remove();
});

test('an image that skopeo pushed is pulled, runs, and is up to date the second time', () => {
  const name = '127.0.0.1:5000/team/app:1';
  const digest = remoteDigest(plain.host, 'team/app:1');
  const first = ok('pull', name);
  assert.match(first, /^1: Pulling from team\/app$/m);
  assert.match(first, new RegExp(`^Digest: ${digest}$`, 'm'));
  assert.match(first, /^Status: Downloaded newer image for 127.0.0.1:5000\/team\/app:1$/m);
  assert.equal(ok('run', '--rm', name, 'echo', 'runs'), 'runs');
  assert.match(ok('pull', name), /^Status: Image is up to date for 127.0.0.1:5000\/team\/app:1$/m);
  assert.equal(
    ok('image', 'inspect', '--format', '{{join .RepoDigests " "}}', name),
    `127.0.0.1:5000/team/app@${digest}`,
  );
  const byDigest = `127.0.0.1:5000/team/app@${digest}`;
  assert.match(ok('pull', byDigest), new RegExp(`Status: Image is up to date for ${byDigest}`));
  assert.match(ok('pull', '--all-tags', '127.0.0.1:5000/team/app'), /2: Pulling from team\/app/);
  assert.equal(ok('image', 'inspect', '--format', '{{.Os}}', '127.0.0.1:5000/team/app:2'), 'linux');
});

test('what is not there, or not allowed, is told in Docker’s words', () => {
  const cases: [string[], RegExp][] = [
    [
      ['pull', '127.0.0.1:5000/team/app:nosuch'],
      /manifest for 127.0.0.1:5000\/team\/app:nosuch not found: manifest unknown: manifest unknown/,
    ],
    [['pull', '127.0.0.1:5001/secret:1'], /unauthorized: authentication required/],
    [['pull', '127.0.0.1:5999/x'], /connection refused/],
    [
      ['pull', '--platform', 'linux/arm64', '127.0.0.1:5000/team/app:1'],
      /does not match the specified platform \(linux\/arm64\/v8\)/,
    ],
    [['push', '127.0.0.1:5000/nothing:1'], /An image does not exist locally with the tag: 127.0.0.1:5000\/nothing/],
  ];
  for (const [args, words] of cases) {
    const { status, err } = docker(...args);
    assert.notEqual(status, 0, args.join(' '));
    assert.match(err, words);
  }
});

test('login is checked by the registry; what it gave is used to pull and to push', () => {
  const wrong = docker('login', '--username', user, '--password', 'wrong', '127.0.0.1:5001');
  assert.notEqual(wrong.status, 0);
  assert.match(wrong.err, /401 Unauthorized/);
  assert.match(ok('login', '--username', user, '--password', password, '127.0.0.1:5001'), /Login Succeeded/);
  ok('pull', '127.0.0.1:5001/secret:1');
  ok('tag', '127.0.0.1:5001/secret:1', '127.0.0.1:5001/other:1');
  assert.match(ok('push', '127.0.0.1:5001/other:1'), /^1: digest: sha256:[0-9a-f]{64} size: \d+$/m);
  ok('logout', '127.0.0.1:5001');
  const log = docker('push', '127.0.0.1:5001/other:1');
  assert.match(log.err, /unauthorized: authentication required/);
  const stored = readFileSync(path.join(agent.directory, 'data/agent.db'), 'latin1');
  assert.equal(stored.includes(password), false, 'the password was kept');
});

test('what was pulled is pushed byte for byte, mounted where it can be, and comes back by skopeo', () => {
  const digest = remoteDigest(plain.host, 'foreign/made:1');
  const pulled = ok('pull', '127.0.0.1:5000/foreign/made:1');
  assert.equal(pulled.match(/: Pull complete$/gm)?.length, 2, pulled);
  ok('tag', '127.0.0.1:5000/foreign/made:1', '127.0.0.1:5000/copy/app:3');
  const first = ok('push', '127.0.0.1:5000/copy/app:3');
  assert.match(first, /^The push refers to repository \[127.0.0.1:5000\/copy\/app\]$/m);
  assert.match(first, /Mounted from foreign\/made/);
  assert.match(first, new RegExp(`^3: digest: ${digest} size: \\d+$`, 'm'));
  assert.equal(remoteDigest(plain.host, 'copy/app:3'), digest);
  assert.match(ok('push', '127.0.0.1:5000/copy/app:3'), /Layer already exists/);
  assert.match(
    ok('image', 'inspect', '--format', '{{.RepoDigests}}', '127.0.0.1:5000/copy/app:3'),
    new RegExp(`copy/app@${digest}`),
  );
});

test('an image that was made here is pushed, and the same image comes back', () => {
  ok('tag', 'busybox', '127.0.0.1:5000/made/here');
  assert.match(ok('push', '127.0.0.1:5000/made/here'), /^latest: digest: sha256:/m);
  const directory = path.join(agent.directory, 'oci');
  const copied = plain.inside(
    'skopeo',
    'copy',
    '--src-tls-verify=false',
    'docker://127.0.0.1:5000/made/here',
    `oci:${directory}:x`,
  );
  assert.equal(copied.status, 0, copied.stderr);
  rmSync(directory, { recursive: true });
  const id = ok('image', 'inspect', '--format', '{{.Id}}', 'busybox');
  ok('rmi', '127.0.0.1:5000/made/here');
  ok('pull', '127.0.0.1:5000/made/here');
  assert.equal(ok('image', 'inspect', '--format', '{{.Id}}', '127.0.0.1:5000/made/here'), id);
});

test('distribution tells the descriptor and the platforms', async () => {
  const { status, text } = await agent.ask('GET', '/distribution/127.0.0.1:5000/team/app:1/json');
  assert.equal(status, 200, text);
  const { Descriptor, Platforms } = JSON.parse(text);
  assert.equal(Descriptor.digest, remoteDigest(plain.host, 'team/app:1'));
  assert.deepEqual([Platforms.length, Platforms[0].os], [1, 'linux']);
});

test('a tag that moved is an update for the containers of what it was', async () => {
  ok('pull', '127.0.0.1:5000/team/app:1');
  ok('create', '--name', 'old', '127.0.0.1:5000/team/app:1', 'true');
  const before = remoteDigest(plain.host, 'team/app:1');
  const ask = async () => JSON.parse((await agent.ask('GET', '/berth/images/updates')).text);
  assert.deepEqual(await ask(), []);
  const config = path.join(agent.directory, 'moved');
  for (const args of [
    ['skopeo', 'copy', archive, `oci:${config}:x`],
    ['umoci', 'config', '--image', `${config}:x`, '--config.env', 'MOVED=1'],
  ]) {
    const [program = '', ...rest] = args;
    assert.equal(plain.inside(program, ...rest).status, 0, args.join(' '));
  }
  plain.push(`oci:${config}:x`, 'team/app:1');
  const after = remoteDigest(plain.host, 'team/app:1');
  const [update, ...others] = await ask();
  assert.deepEqual(others, []);
  assert.equal(update.Image, '127.0.0.1:5000/team/app:1');
  assert.deepEqual([update.ContainerIds.length, update.LocalDigest, update.RemoteDigest], [1, before, after]);
  assert.match(ok('pull', '127.0.0.1:5000/team/app:1'), /Downloaded newer image/);
  assert.equal((await ask()).length, 1, 'the container still has the older image');
  ok('rm', 'old');
  assert.deepEqual(await ask(), []);
});
