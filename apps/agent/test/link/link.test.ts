import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, test } from 'node:test';
import { closeCodes, signedBytes } from '@berth/shared/protocol/control';
import { WebSocket } from 'ws';
import { enrolmentTokenMs } from '../../../web/src/server/inventory/add-enrolment-token.ts';
import { createAgent, facts, newEnrolmentToken, startWeb, type TestAgent, temporaryDirectory, until } from './stack.ts';

const dataDir = await temporaryDirectory();
let web = await startWeb(dataDir);
const agents: TestAgent[] = [];
after(async () => {
  for (const agent of agents) await agent.stop();
  await web.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function newAgent(handler?: Parameters<typeof createAgent>[0]): Promise<TestAgent> {
  const agent = await createAgent(handler);
  agents.push(agent);
  return agent;
}

async function enrolledAgent(handler?: Parameters<typeof createAgent>[0]): Promise<TestAgent & { hostId: string }> {
  const agent = await newAgent(handler);
  const { hostId } = await agent.enroll(web.url, newEnrolmentToken(web));
  // Enrolling is a connection of its own, which the dashboard may still hold for a moment.
  await until(() => !web.server.agents.isOnline(hostId), 'the enrolment has ended');
  agent.link.start();
  await until(() => web.server.agents.isOnline(hostId), 'the host is online');
  return { ...agent, hostId };
}

/** A peer that speaks for itself: gets the challenge, sends what the test says, tells the close code. */
async function speak(say: (nonce: string, socket: WebSocket) => void): Promise<{ code: number; messages: string[] }> {
  const socket = new WebSocket(`${web.url.replace('http', 'ws')}/agent`);
  const messages: string[] = [];
  return await new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', (code) => resolve({ code, messages }));
    socket.on('message', (data) => {
      messages.push(String(data));
      const message = JSON.parse(String(data));
      if (message.type === 'challenge') say(message.nonce, socket);
      if (message.type === 'welcome') socket.close(1000);
    });
  });
}

function keyPair() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    prove: (nonce: string, subject: string) => sign(null, signedBytes(nonce, subject), privateKey).toString('base64'),
  };
}

test('an enrolled host is known by its facts, and its key stays in a file of its owner', async () => {
  const agent = await enrolledAgent();
  assert.equal(web.server.store.hosts.get(agent.hostId)?.facts.hostname, 'testhost');
  const file = path.join(agent.dataDir, 'identity.json');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const stored = JSON.stringify(web.server.store.hosts.get(agent.hostId));
  assert.ok(!stored.includes(JSON.parse(await readFile(file, 'utf8')).privateKey.split('\n')[1]));
});

test('enrolling again with a known identity changes nothing and uses no token', async () => {
  const agent = await enrolledAgent();
  const again = await agent.enroll(web.url, 'no-such-token-at-all-0000');
  assert.deepEqual(again, { hostId: agent.hostId, isNew: false });
});

test('a token works once', async () => {
  const token = newEnrolmentToken(web);
  await (await newAgent()).enroll(web.url, token);
  await assert.rejects(async () => await (await newAgent()).enroll(web.url, token), { kind: 'unauthorized' });
});

test('an expired token, and one that never was, are refused', async () => {
  const expired = newEnrolmentToken(web, Date.now() - enrolmentTokenMs - 1);
  for (const token of [expired, 'berth_this-one-never-was-made'])
    await assert.rejects(async () => await (await newAgent()).enroll(web.url, token), { kind: 'unauthorized' });
});

test('a token is not spent by one who cannot prove to hold the key', async () => {
  const token = newEnrolmentToken(web);
  const { publicKey, prove } = keyPair();
  const { code } = await speak((nonce, socket) =>
    socket.send(
      JSON.stringify({ type: 'enroll', version: 1, token, publicKey, signature: prove(nonce, 'other'), facts }),
    ),
  );
  assert.equal(code, closeCodes.unauthorized);
  await (await newAgent()).enroll(web.url, token);
});

test('a signature by another key is refused', async () => {
  const { hostId } = await enrolledAgent();
  const foreign = keyPair();
  const { code } = await speak((nonce, socket) =>
    socket.send(JSON.stringify({ type: 'hello', version: 1, hostId, signature: foreign.prove(nonce, hostId), facts })),
  );
  assert.equal(code, closeCodes.unauthorized);
});

test('a recorded hello is refused on another connection', async () => {
  const agent = await newAgent();
  const { hostId } = await agent.enroll(web.url, newEnrolmentToken(web));
  const { privateKey } = JSON.parse(await readFile(path.join(agent.dataDir, 'identity.json'), 'utf8'));
  let recorded = '';
  const first = await speak((nonce, socket) => {
    const signature = sign(null, signedBytes(nonce, hostId), createPrivateKey(privateKey)).toString('base64');
    recorded = JSON.stringify({ type: 'hello', version: 1, hostId, signature, facts });
    socket.send(recorded);
  });
  assert.equal(first.code, 1000, 'the first one was good');
  const second = await speak((_nonce, socket) => socket.send(recorded));
  assert.equal(second.code, closeCodes.unauthorized);
  assert.ok(!second.messages.some((message) => message.includes('welcome')));
});

test('a second connection of a living host is refused and the first one stays', async () => {
  const agent = await enrolledAgent();
  const { privateKey } = JSON.parse(await readFile(path.join(agent.dataDir, 'identity.json'), 'utf8'));
  const { code } = await speak((nonce, socket) => {
    const signature = sign(null, signedBytes(nonce, agent.hostId), createPrivateKey(privateKey)).toString('base64');
    socket.send(JSON.stringify({ type: 'hello', version: 1, hostId: agent.hostId, signature, facts }));
  });
  assert.equal(code, closeCodes.duplicate);
  assert.ok(web.server.agents.isOnline(agent.hostId));
});

test('what breaks the protocol closes the link with its code, and the dashboard lives on', async () => {
  const hello = { type: 'hello', hostId: 'h', signature: 's', facts };
  const cases: [string, number, (socket: WebSocket) => void][] = [
    ['no JSON', closeCodes.malformed, (socket) => socket.send('{')],
    ['no type', closeCodes.malformed, (socket) => socket.send('{}')],
    ['a wrong shape', closeCodes.malformed, (socket) => socket.send('{"type":"hello"}')],
    ['events before hello', closeCodes.malformed, (socket) => socket.send('{"type":"events","events":[]}')],
    ['stats before hello', closeCodes.malformed, (socket) => socket.send(Buffer.alloc(20))],
    ['too large for a control message', closeCodes.malformed, (socket) => socket.send(' '.repeat(300 * 1024))],
    ['too large for anything', 1009, (socket) => socket.send(Buffer.alloc(3 * 1024 * 1024))],
    ['an unknown version', closeCodes.version, (socket) => socket.send(JSON.stringify({ ...hello, version: 99 }))],
    ['an unknown host', closeCodes.unauthorized, (socket) => socket.send(JSON.stringify({ ...hello, version: 1 }))],
  ];
  for (const [what, expected, send] of cases) {
    const { code } = await speak((_nonce, socket) => send(socket));
    assert.equal(code, expected, what);
  }
});

test('a broken stats frame of an authenticated host closes its link, and it comes back', async () => {
  const agent = await newAgent();
  const { hostId } = await agent.enroll(web.url, newEnrolmentToken(web));
  const { privateKey } = JSON.parse(await readFile(path.join(agent.dataDir, 'identity.json'), 'utf8'));
  const socket = new WebSocket(`${web.url.replace('http', 'ws')}/agent`);
  const code = await new Promise((resolve) => {
    socket.once('close', resolve);
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.type === 'welcome') socket.send(Buffer.from([1, 0, 0, 0, 9, 9, 9]));
      if (message.type !== 'challenge') return;
      const signature = sign(null, signedBytes(message.nonce, hostId), createPrivateKey(privateKey)).toString('base64');
      socket.send(JSON.stringify({ type: 'hello', version: 1, hostId, signature, facts }));
    });
  });
  assert.equal(code, closeCodes.malformed);
  agent.link.start();
  await until(() => web.server.agents.isOnline(hostId), 'the host is back');
});

test('a removed host is cut off and its key refused', async () => {
  const agent = await enrolledAgent();
  web.server.agents.dismiss(agent.hostId);
  web.server.store.hosts.remove(agent.hostId);
  await until(() => !web.server.agents.isOnline(agent.hostId) && !agent.link.isOpen(), 'the link ended');
  const again = await agent.enroll(web.url, newEnrolmentToken(web));
  assert.ok(again.isNew && again.hostId !== agent.hostId);
});

test('events arrive in order and without gaps over a killed connection and a restarted dashboard', async () => {
  const agent = await enrolledAgent();
  const append = (count: number) => {
    for (let n = 0; n < count; n++)
      agent.events.append({
        type: 'container',
        action: 'start',
        actorId: 'a'.repeat(64),
        attributes: { n: String(n) },
      });
  };
  const stored = () =>
    web.server.store.events
      .list({ hostId: agent.hostId, limit: 10_000 })
      .map(({ seq }) => seq)
      .reverse();
  append(700);
  await until(() => stored().length === 700, 'the first events are stored');
  const { port } = web;
  await web.stop();
  append(500);
  web = await startWeb(dataDir, port);
  append(50);
  await until(() => stored().length === 1250, 'all events are stored');
  assert.deepEqual(
    stored(),
    Array.from({ length: 1250 }, (_, index) => index + 1),
  );
});

test('samples taken while the dashboard was away fill the history afterwards', async () => {
  const agent = await enrolledAgent();
  const id = 'c'.repeat(64);
  const start = Math.floor(Date.now() / 10_000) * 10_000 - 300_000;
  const second = (n: number) =>
    agent.tick(start + n * 1000, { [id]: { cpuUsageNanos: n * 5e8, memoryUsageBytes: 1000, pidsCurrent: n } });
  for (let n = 0; n < 20; n++) second(n);
  await until(() => web.server.live.newestMs(agent.hostId) === start + 19_000, 'the first samples arrived');
  const { port } = web;
  await web.stop();
  for (let n = 20; n < 60; n++) second(n);
  web = await startWeb(dataDir, port);
  await until(() => web.server.live.newestMs(agent.hostId) === start + 59_000, 'the missed samples arrived');
  const { port: same } = web;
  await web.stop();
  web = await startWeb(dataDir, same);
  const rows = web.server.store.rollups.history({
    hostId: agent.hostId,
    containerId: id,
    stepSeconds: 10,
    fromMs: start,
    toMs: start + 60_000,
  });
  assert.deepEqual(
    rows.map(({ samples }) => samples),
    [10, 10, 10, 10, 10, 10],
  );
  assert.deepEqual(
    rows.map(({ pids }) => pids),
    [4.5, 14.5, 24.5, 34.5, 44.5, 54.5],
  );
  assert.equal(rows[3]?.cpuCores, 0.5);
  const minute = web.server.store.rollups.history({
    hostId: agent.hostId,
    containerId: id,
    stepSeconds: 60,
    fromMs: start - 60_000,
    toMs: start + 60_000,
  });
  assert.equal(
    minute.reduce((sum, row) => sum + row.samples, 0),
    60,
  );
});
