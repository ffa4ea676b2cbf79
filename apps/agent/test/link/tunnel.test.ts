import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { IncomingMessage, RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { createAgent, newEnrolmentToken, startWeb, temporaryDirectory, until } from './stack.ts';

const container = { Id: 'd'.repeat(64), Name: '/web', State: { Status: 'running' } };
let uploadedBytes = 0;
let streamClosed = false;

/** The few answers of an engine that these tests need. */
const engine: RequestListener = async (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://engine');
  const json = (status: number, value: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  if (pathname === '/containers/json') return json(200, [{ Id: container.Id }]);
  if (pathname === `/containers/${container.Id}/json`) return json(200, container);
  if (pathname === '/images/json') return json(200, []);
  if (pathname === '/conflict') return json(409, { message: 'the name is taken' });
  if (pathname === '/images/load') {
    for await (const chunk of request) uploadedBytes += chunk.length;
    return json(200, { stream: 'Loaded image: x' });
  }
  if (pathname === '/endless') {
    request.socket.once('close', () => {
      streamClosed = true;
    });
    const timer = setInterval(() => response.write('line\n'), 10);
    response.once('close', () => clearInterval(timer));
    return;
  }
  if (pathname === '/slow') {
    await sleep(300);
    return json(200, {});
  }
  json(404, { message: 'no such thing' });
};

const dataDir = await temporaryDirectory();
const web = await startWeb(dataDir);
const agent = await createAgent(engine);
agent.api.on('upgrade', (_request, socket) => {
  socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello ');
  socket.on('data', (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()));
});
const { hostId } = await agent.enroll(web.url, newEnrolmentToken(web));
agent.link.start();
await until(() => web.server.agents.isOnline(hostId), 'the host is online');
after(async () => {
  await agent.stop();
  await web.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function read(answer: IncomingMessage): Promise<string> {
  return Buffer.concat(await answer.toArray()).toString();
}

test('the inventory of a host that connects is fetched without being asked for', async () => {
  await until(() => web.server.store.inventory.containers(hostId).length === 1, 'the container is stored');
  assert.equal(web.server.store.inventory.container(hostId, container.Id)?.name, 'web');
});

test('an event of a container that is gone takes it out of the inventory, and one of a living one brings it back', async () => {
  const gone = 'e'.repeat(64);
  web.server.store.inventory.putContainer({ hostId, id: gone, name: 'gone', inspect: {}, fetchedAt: 0 });
  agent.events.append({ type: 'container', action: 'destroy', actorId: gone, attributes: {} });
  await until(() => web.server.store.inventory.container(hostId, gone) === undefined, 'the gone one is taken out');
  web.server.store.inventory.removeContainer(hostId, container.Id);
  agent.events.append({ type: 'container', action: 'start', actorId: container.Id, attributes: {} });
  await until(() => web.server.store.inventory.container(hostId, container.Id) !== undefined, 'the living one is back');
});

test('an error of the engine keeps its kind and its words', async () => {
  await assert.rejects(web.server.agents.requestJson(hostId, { method: 'POST', path: '/conflict' }), {
    kind: 'conflict',
    message: 'the name is taken',
  });
  await assert.rejects(web.server.agents.requestJson(hostId, { method: 'GET', path: '/nothing' }), {
    kind: 'not-found',
  });
});

test('a request to a host that is offline says so at once', async () => {
  await assert.rejects(web.server.agents.requestJson('nobody', { method: 'GET', path: '/' }), { kind: 'unavailable' });
});

test('sixty requests at once do not block each other, whatever they wait for', async () => {
  const begin = Date.now();
  await Promise.all(
    Array.from({ length: 60 }, () => web.server.agents.requestJson(hostId, { method: 'GET', path: '/slow' })),
  );
  assert.ok(Date.now() - begin < 5_000);
});

test('an upload of 64 MiB arrives whole', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 1);
  const body = Readable.from(Array.from({ length: 64 }, () => chunk));
  const answer = await web.server.agents.request(hostId, {
    method: 'POST',
    path: '/images/load',
    stream: { body, contentType: 'application/x-tar' },
  });
  assert.match(await read(answer), /Loaded image/);
  assert.equal(uploadedBytes, 64 * 1024 * 1024);
});

test('a followed stream ends at the engine when its reader leaves', async () => {
  const abort = new AbortController();
  const answer = await web.server.agents.request(hostId, { method: 'GET', path: '/endless', signal: abort.signal });
  answer.on('error', () => {});
  const [first] = await once(answer, 'data');
  assert.match(String(first), /line/);
  abort.abort();
  await until(() => streamClosed, 'the engine saw the reader leave');
});

test('a hijacked connection carries raw bytes both ways', async () => {
  const stream = await web.server.agents.upgrade(hostId, { path: '/exec/1/start', body: { Tty: true } });
  stream.write('more');
  let text = '';
  stream.on('data', (chunk) => {
    text += chunk;
  });
  await until(() => text === 'hello MORE', 'the bytes came back');
  stream.destroy();
});

test('a tunnel that nobody asked for, or with a wrong secret, is refused', async () => {
  for (const authorization of [undefined, 'Bearer wrong-secret', 'Basic x']) {
    const socket = new WebSocket(`${web.url.replace('http', 'ws')}/agent/tunnel?id=abc`, {
      headers: authorization ? { authorization } : {},
    });
    const [, response] = await once(socket, 'unexpected-response');
    assert.equal(response.statusCode, 403);
    socket.on('error', () => {});
    socket.terminate();
  }
});

test('requests under way fail with a clear error when the host goes, and the host comes back', async () => {
  const waiting = web.server.agents.requestJson(hostId, { method: 'GET', path: '/slow' });
  await sleep(50);
  agent.link.stop();
  await assert.rejects(waiting, { kind: 'unavailable' });
  await until(() => !web.server.agents.isOnline(hostId), 'the host is offline');
  assert.equal(web.server.store.inventory.containers(hostId).length, 1, 'its last known state stays');
  agent.link.start();
  await until(() => web.server.agents.isOnline(hostId), 'the host is online again');
  await web.server.agents.requestJson(hostId, { method: 'GET', path: '/slow' });
});
