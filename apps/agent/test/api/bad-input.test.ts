/** Requests that no client of good will sends. Each gets its documented status, and the agent goes on. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { TestAgent } from './agent.ts';

const agent = new TestAgent();

before(() => agent.start());
after(() => agent.remove());

for (const [what, method, target, body, status] of [
  ['a path that is no percent-encoding', 'GET', '/containers/%zz/json', '', 400],
  ['an unknown path', 'GET', '/nothing/here', '', 404],
  ['a version from the future', 'GET', '/v9.99/info', '', 400],
  ['a version from the past', 'GET', '/v1.12/info', '', 400],
  ['a body that is no JSON', 'POST', '/containers/create', '{"Image":', 400],
  ['a body of another shape', 'POST', '/containers/create', '{"Image":{"no":"text"}}', 400],
  [
    'a number where none belongs',
    'POST',
    '/containers/create',
    '{"Image":"busybox","HostConfig":{"Memory":"lots"}}',
    400,
  ],
  [
    'a memory limit below the minimum',
    'POST',
    '/containers/create',
    '{"Image":"busybox","HostConfig":{"Memory":1000}}',
    400,
  ],
  ['an image that is not there', 'POST', '/containers/create', '{"Image":"nothing/like:this"}', 404],
  ['a name with a slash', 'POST', '/containers/create?name=a/b', '{"Image":"busybox"}', 400],
  ['a container that is not there', 'POST', '/containers/none/start', '', 404],
  ['a signal that is none', 'POST', '/containers/none/kill?signal=SIGNONE', '', 404],
  [
    'a host path that climbs',
    'POST',
    '/containers/create',
    '{"Image":"busybox","HostConfig":{"Binds":["../etc:/x"]}}',
    400,
  ],
] as const) {
  test(`${what} is answered with ${status} and a message`, async () => {
    const answer = await agent.ask(method, target, body);
    assert.equal(answer.status, status, answer.text);
    const { message } = JSON.parse(answer.text);
    assert.ok(typeof message === 'string' && message.length > 5, answer.text);
    assert.equal(agent.docker('ps', '--all', '--quiet').out, '');
  });
}

test('a body larger than the limit is refused without being read to its end', async () => {
  const answer = await agent.ask('POST', '/containers/create', JSON.stringify({ Image: 'x'.repeat(9 * 1024 * 1024) }));
  assert.equal(answer.status, 413);
  assert.equal(answer.headers.connection, 'close');
});

test('bytes that are no HTTP end their own connection and nothing else', async () => {
  const socket = net.connect(agent.socket);
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(Buffer.from('\x16\x03\x01\x02\x00 not http\r\n\r\n'));
  socket.resume();
  await closed;
  assert.equal((await agent.ask('GET', '/_ping')).text, 'OK');
});

test('a program at a terminal is hung up on when its client goes', async () => {
  const id = agent.docker('run', '--detach', 'busybox', 'sleep', '1000').out.trim();
  const client = spawn(
    'script',
    ['-qec', `docker -H unix://${agent.socket} exec -it ${id} sh -c 'sleep 987'`, '/dev/null'],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    },
  );
  const sleeping = () => agent.docker('top', id).out.includes('sleep 987');
  for (let tries = 0; tries < 100 && !sleeping(); tries++) await setTimeout(50);
  assert.ok(sleeping(), 'the program did not start');
  process.kill(-(client.pid ?? 0), 'SIGKILL');
  for (let tries = 0; tries < 100 && sleeping(); tries++) await setTimeout(50);
  assert.ok(!sleeping(), 'the program is still there');
});
