/** The unmodified docker CLI against a real agent in a network namespace of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { TestAgent } from './agent.ts';

const fetchScript = 'import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=2).read().decode())';
const agent = new TestAgent();
const { directory, socket } = agent;
const docker = agent.docker.bind(agent);

function ok(...args: string[]): string {
  const { status, out, err } = docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
  return out.trim();
}

before(() => agent.start());
after(() => agent.remove());

test('version, info and images answer', () => {
  assert.match(ok('version', '--format', '{{.Server.APIVersion}}'), /^1\.50$/);
  assert.equal(ok('info', '--format', '{{.Driver}}'), 'overlay2');
  assert.match(ok('images', '--format', '{{.Repository}}:{{.Tag}}'), /^busybox:latest$/m);
});

test('run passes output, exit code, environment, user, working directory and host name', () => {
  const answer = docker(
    ...['run', '--rm', '-e', 'A=b', '-w', '/tmp', '-u', 'nobody', '--hostname', 'hosty', 'busybox'],
    'sh',
    '-c',
    'echo $A; pwd; id -un; hostname; echo wrong >&2; exit 7',
  );
  assert.deepEqual([answer.status, answer.out, answer.err], [7, 'b\n/tmp\nnobody\nhosty\n', 'wrong\n']);
});

test('run -it gives a terminal', () => {
  const answer = spawnSync(
    'script',
    ['-qec', `docker -H unix://${socket} run -it --rm busybox sh -c 'tty; exit 5'`, '/dev/null'],
    { encoding: 'utf8' },
  );
  assert.match(answer.stdout, /\/dev\/pts\/0/);
  assert.equal(answer.status, 5);
});

test('a published port answers on loopback and on the bridge, and is refused twice', () => {
  ok('run', '-d', '--name', 'web', '-p', '18080:80', 'busybox', 'httpd', '-f', '-h', '/etc');
  for (const address of ['127.0.0.1', ok('network', 'inspect', 'bridge', '-f', '{{(index .IPAM.Config 0).Gateway}}')]) {
    let found = '';
    for (let tries = 0; tries < 50 && found === ''; tries++)
      found = agent.inNamespace('python3', '-c', fetchScript, `http://${address}:18080/group`).stdout;

    assert.match(found, /root:x:0:/, address);
  }
  const taken = docker('run', '--rm', '-p', '18080:80', 'busybox', 'true');
  assert.equal(taken.status, 125);
  assert.match(taken.err, /port is already allocated/);
  ok('rm', '-f', 'web');
});

test('exec, cp, logs, top, stats, pause, update, rename, restart and stop act on a running container', () => {
  ok('run', '-d', '--name', 'one', '-m', '64m', 'busybox', 'sh', '-c', 'echo begun; sleep 1000');
  const exec = docker('exec', 'one', 'sh', '-c', 'hostname; exit 3');
  assert.equal(exec.status, 3);
  assert.notEqual(exec.out, '');
  assert.equal(docker('exec', 'one', 'nosuch').status, 127);
  const file = path.join(directory, 'file');
  writeFileSync(file, 'copied\n');
  ok('cp', file, 'one:/tmp/x');
  assert.equal(ok('exec', 'one', 'cat', '/tmp/x'), 'copied');
  ok('cp', 'one:/tmp/x', `${file}.back`);
  assert.equal(readFileSync(`${file}.back`, 'utf8'), 'copied\n');
  assert.equal(ok('logs', '--tail', '1', 'one'), 'begun');
  assert.match(ok('top', 'one'), /\d\d:\d\d .*sleep 1000/);
  assert.match(ok('stats', '--no-stream', '--format', '{{.MemUsage}}', 'one'), /\/ 64MiB/);
  ok('pause', 'one');
  assert.equal(ok('inspect', '-f', '{{.State.Status}}', 'one'), 'paused');
  ok('unpause', 'one');
  ok('update', '-m', '96m', '--memory-swap', '192m', 'one');
  assert.match(ok('stats', '--no-stream', '--format', '{{.MemUsage}}', 'one'), /\/ 96MiB/);
  ok('rename', 'one', 'two');
  ok('restart', '-t', '0', 'two');
  ok('stop', '-t', '0', 'two');
  assert.equal(ok('wait', 'two'), '137');
  ok('rm', 'two');
});

test('volumes keep what was written', () => {
  ok('run', '--rm', '-v', 'kept:/data', 'busybox', 'sh', '-c', 'echo persisted > /data/f');
  assert.equal(ok('run', '--rm', '-v', 'kept:/data', 'busybox', 'cat', '/data/f'), 'persisted');
  ok('volume', 'rm', 'kept');
});

test('import, tag and rmi; an image in use is kept', () => {
  const tar = path.join(directory, 'import.tar');
  spawnSync('tar', ['-C', '/bin', '-cf', tar, 'busybox']);
  ok('import', tar, 'imported:1');
  assert.equal(ok('run', '--rm', 'imported:1', '/busybox', 'echo', 'runs'), 'runs');
  ok('create', '--name', 'user', 'imported:1', '/busybox', 'true');
  assert.match(docker('rmi', 'imported:1').err, /conflict/);
  ok('rm', 'user');
  ok('rmi', 'imported:1');
});

test('bad input is refused with Docker’s words and leaves nothing', () => {
  ok('create', '--name', 'taken', 'busybox', 'true');
  const cases: [string[], RegExp][] = [
    [['run', '--rm', 'nosuchimage'], /Unable to find image/],
    [['run', '--rm', '--name', 'taken', 'busybox'], /is already in use by container/],
    [['run', '--rm', '-m', '1m', 'busybox', 'true'], /Minimum memory limit allowed is 6MB/],
    [['run', '--rm', '--cap-add', 'NOPE', 'busybox'], /unknown capability/],
    [['run', '--rm', 'busybox', 'nosuchprogram'], /executable file not found/],
    [['load', '-i', '/etc/passwd'], /not an image archive/],
  ];
  const count = () => readdirSync(path.join(directory, 'data/containers')).length + docker('ps', '-aq').out.length;
  const before = count();
  for (const [args, words] of cases) {
    const { status, err } = docker(...args);
    assert.notEqual(status, 0, args.join(' '));
    assert.match(err, words);
  }
  assert.equal(count(), before);
  ok('rm', 'taken');
});

test('an OOM kill is told', () => {
  const { status } = docker(
    'run',
    '--name',
    'hungry',
    '-m',
    '16m',
    '--memory-swap',
    '16m',
    'busybox',
    'tail',
    '/dev/zero',
  );
  assert.equal(status, 137);
  assert.equal(ok('inspect', '-f', '{{.State.OOMKilled}}', 'hungry'), 'true');
  ok('rm', 'hungry');
});

test('containers and their logs go on while the agent is dead, and are adopted when it returns', async () => {
  ok('run', '-d', '--name', 'lasting', 'busybox', 'sh', '-c', 'i=0; while true; do echo $((i=i+1)); sleep 0.1; done');
  const pid = ok('inspect', '-f', '{{.State.Pid}}', 'lasting');
  await agent.end('SIGKILL');
  await setTimeout(600);
  await agent.start();
  assert.equal(ok('inspect', '-f', '{{.State.Pid}} {{.State.Status}}', 'lasting'), `${pid} running`);
  const lines = ok('logs', 'lasting').split('\n').map(Number);
  assert.deepEqual(
    lines,
    Array.from(lines, (_, index) => index + 1),
  );
  assert.ok(lines.length >= 5, `${lines.length} lines`);
  ok('rm', '-f', 'lasting');
});

test('a hundred runs leave no cgroup, link, directory or supervisor', async () => {
  for (let i = 0; i < 100; i++) assert.equal(docker('run', '--rm', 'busybox', 'true').status, 0);
  assert.deepEqual(readdirSync(path.join(directory, 'data/containers')), []);
  assert.deepEqual(readdirSync(path.join(directory, 'run/containers')), []);
  // The kernel takes a link apart with its namespace, after the container is gone.
  const links = () => agent.inNamespace('ip', '-o', 'link').stdout.match(/ bv\w+/g) ?? [];
  for (let tries = 0; tries < 100 && links().length > 0; tries++) await setTimeout(50);
  assert.deepEqual(links(), []);
  assert.deepEqual(agent.cgroups(), []);
});
