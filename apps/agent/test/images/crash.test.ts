/** The agent is killed at any moment of its work on images: what it had answered holds, and what is there is whole. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { TestAgent } from '../api/agent.ts';
import { archive, post } from '../api/builds.ts';
import { DockerRegistry } from '../registry/docker-registry.ts';
import { dockerArchive, layerTar, richTree } from './layers.ts';

const rounds = Number(process.env.BERTH_TEST_ROUNDS ?? 100);
const agent = new TestAgent();
const registry = new DockerRegistry({ port: 5030, namespace: agent.name });
const remote = `${registry.host}/far:1`;
const at = (...names: string[]) => path.join(agent.directory, ...names);
const program = path.resolve(import.meta.dirname, '../../bin/berth-agent');

/** By name: the image that was acknowledged, null for a removal that was; absent while a request is under way. */
const answered = new Map<string, string | null>();
const archives: { name: string; file: string; id: string }[] = [];
let done = 0;
let remoteId = '';

before(async () => {
  mkdirSync(at('base'));
  richTree(at('base'));
  const base = layerTar(at('base'), at('base.tar'));
  for (const name of ['a', 'b', 'c']) {
    mkdirSync(at(name));
    for (let index = 0; index < 200; index++) writeFileSync(at(name, `${name}${index}`), `${name}${index}`.repeat(500));
    const top = layerTar(at(name), at(`${name}.tar`));
    const config = name === 'c' ? { Labels: { prunable: 'yes' } } : {};
    archives.push({
      name: `crash:${name}`,
      ...dockerArchive(agent.directory, { name: `crash:${name}`, layers: [base, top], config }),
    });
  }
  await Promise.all([agent.start(), registry.start()]);
  // A layer of its own that takes a while, and one that others have.
  mkdirSync(at('far'));
  writeFileSync(at('far/random'), randomBytes(12_000_000));
  const far = dockerArchive(agent.directory, { name: remote, layers: [base, layerTar(at('far'), at('far.tar'))] });
  registry.push(`docker-archive:${far.file}`, 'far:1');
  remoteId = far.id;
  assert.equal(
    agent.docker('run', '--name', 'writer', 'busybox', 'sh', '-c', 'cp -r /bin /copy; rm /bin/vi').status,
    0,
  );
});
after(async () => {
  await registry.stop();
  await agent.remove();
});

function load(file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath: agent.socket, method: 'POST', path: '/images/load', agent: false });
    request.on('response', (answer) =>
      answer
        .resume()
        .on('end', () => resolve(answer.statusCode ?? 0))
        .on('error', reject),
    );
    request.on('error', reject);
    const body = createReadStream(file);
    body.pipe(request);
    request.on('close', () => body.destroy());
  });
}

async function acknowledge(name: string, work: () => Promise<string | null>): Promise<void> {
  answered.delete(name);
  answered.set(name, await work());
  done++;
}

const expect = (status: number, wanted: number[], what: string) =>
  assert.ok(wanted.includes(status), `${what} is answered with ${status}`);

async function loadAndRemove({ name, file, id }: (typeof archives)[number]): Promise<void> {
  for (;;) {
    await acknowledge(name, async () => {
      expect(await load(file), [200], `load of ${name}`);
      return id;
    });
    if (name === 'crash:c') {
      const filters = encodeURIComponent(JSON.stringify({ dangling: ['false'], label: ['prunable'] }));
      await acknowledge(name, async () => {
        expect((await agent.ask('POST', `/images/prune?filters=${filters}`)).status, [200], 'prune');
        return null;
      });
    } else {
      await acknowledge(name, async () => {
        expect((await agent.ask('DELETE', `/images/${name}`)).status, [200], `removal of ${name}`);
        return null;
      });
    }
  }
}

async function commitAndRemove(): Promise<void> {
  for (;;) {
    await acknowledge('crash:committed', async () => {
      const answer = await agent.ask('POST', '/commit?container=writer&repo=crash&tag=committed');
      expect(answer.status, [201], `commit (${answer.text})`);
      return JSON.parse(answer.text).Id;
    });
    await acknowledge('crash:committed', async () => {
      // With the nameless ones of rounds before, of which it has the layer.
      expect((await agent.ask('DELETE', '/images/crash:committed')).status, [200], 'removal of what was committed');
      return null;
    });
  }
}

async function pullAndRemove(): Promise<void> {
  for (;;) {
    await acknowledge(remote, async () => {
      await pull();
      return remoteId;
    });
    await acknowledge(remote, async () => {
      expect((await agent.ask('DELETE', `/images/${remote}`)).status, [200], `removal of ${remote}`);
      return null;
    });
  }
}

/** What is said after the first line, a failure too, comes with status 200; an agent that was killed says no last line. */
async function pull(): Promise<void> {
  const { status, text } = await agent.ask('POST', `/images/create?fromImage=${encodeURIComponent(remote)}`);
  expect(status, [200], `pull (${text})`);
  assert.doesNotMatch(text, /errorDetail/, 'pull');
  if (!/"Status: (Downloaded|Image is up)/.test(text)) throw new Error('it broke off');
}

async function buildAndRemove(): Promise<void> {
  for (let count = 0; ; count++) {
    await acknowledge('crash:built', async () => {
      await buildOne(count);
      return JSON.parse((await agent.ask('GET', '/images/crash:built/json')).text).Id;
    });
    await acknowledge('crash:built', async () => {
      expect((await agent.ask('DELETE', '/images/crash:built')).status, [200], 'removal of what was built');
      return null;
    });
  }
}

async function buildOne(count: number): Promise<void> {
  const dockerfile = `FROM busybox\nCOPY data /data\nRUN echo ${count} > /count; rm /bin/vi\nWORKDIR /made\n`;
  const context = archive({ Dockerfile: dockerfile, data: Buffer.alloc(500_000, `${count}`) });
  const { status, text } = await post(agent, { t: 'crash:built' }, context);
  expect(status, [200], `build (${text})`);
  assert.doesNotMatch(text, /errorDetail/, 'build');
  if (!text.includes('Successfully tagged')) throw new Error('it broke off');
}

async function check(): Promise<void> {
  for (const [name, id] of answered) {
    const { status, text } = await agent.ask('GET', `/images/${name}/json`);
    if (id === null) assert.equal(status, 404, `${name} was removed and is there`);
    else assert.equal(JSON.parse(text).Id, id, `${name} was stored and is not there`);
  }
  assert.deepEqual(readdirSync(at('data/tmp')), []);
}

/** A request that a killed agent did not answer is asked again. */
async function again(): Promise<void> {
  for (const { name, file } of archives) {
    assert.equal(await load(file), 200);
    assert.equal((await agent.ask('GET', `/images/${name}/get`)).status, 200);
  }
  await pull();
  await buildOne(0);
}

function fsck(): void {
  const { status, stdout, stderr } = spawnSync(program, ['fsck', '--json', '--data-dir', at('data')], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.deepEqual(JSON.parse(stdout).findings, []);
}

test(`kill -9 in the middle of pulls, loads, builds, commits, removals and prunes, ${rounds} times`, {
  timeout: rounds * 60_000,
}, async (t) => {
  const isEnd = (error: unknown) => error instanceof assert.AssertionError;
  for (let round = 0; round < rounds; round++) {
    const failures: unknown[] = [];
    const workers = [...archives.map(loadAndRemove), commitAndRemove(), pullAndRemove(), buildAndRemove()].map(
      (worker) => worker.catch((error) => (isEnd(error) ? failures.push(error) : undefined)),
    );
    const delay = Math.random() * 1500;
    await setTimeout(delay);
    await agent.end('SIGKILL');
    await Promise.all(workers);
    assert.deepEqual(failures, [], `round ${round}`);
    fsck();
    await agent.start();
    await check();
    if (round % 5 === 4) await again();
  }
  t.diagnostic(`${done} requests were answered in ${rounds} rounds`);
  assert.ok(done > rounds, `only ${done} requests were answered`);
});

test('what is left after all of it is whole, and all of it can go', async () => {
  await again();
  agent.docker('rm', 'writer');
  await agent.end('SIGTERM');
  fsck();
  await agent.start();
  const filters = encodeURIComponent(JSON.stringify({ dangling: ['false'] }));
  assert.equal((await agent.ask('POST', `/images/prune?filters=${filters}`)).status, 200);
  assert.equal(JSON.parse((await agent.ask('GET', '/system/df')).text).LayersSize, 0);
  assert.deepEqual([...readdirSync(at('data/layers')), ...readdirSync(at('data/blobs/sha256'))], []);
});
