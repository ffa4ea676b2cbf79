/** The agent is killed in the middle of work on volumes: none that was answered is lost, each is whole, none is left over. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { TestAgent } from './agent.ts';
import { request } from './http.ts';

const rounds = 8;
const agent = new TestAgent();
const data = path.join(agent.directory, 'data');
const place = (name: string) => path.join(data, 'volumes', name, '_data');

/** Volumes that were acknowledged, and the last content that was. */
const kept = new Map<string, number>();
const removing = new Set<string>();
let generations = 0;
let answered = 0;

before(async () => {
  await agent.start();
  // One container runs all the time: what it has is exchanged below it.
  assert.equal(agent.docker('run', '-d', '-v', 'mounted:/m', 'busybox', 'sleep', '1000').status, 0);
  assert.equal(agent.docker('volume', 'create', 'alone').status, 0);
  for (const name of ['mounted', 'alone']) kept.set(name, 0);
});
after(() => agent.remove());

function archive(generation: number): Buffer {
  const tree = path.join(agent.directory, `tree-${generation}`);
  mkdirSync(path.join(tree, 'd'), { recursive: true });
  for (const name of ['first', 'd/middle', 'last']) writeFileSync(path.join(tree, name), String(generation));
  return spawnSync('tar', ['-C', tree, '-cf', '-', '.']).stdout;
}

const ask = (method: string, target: string, body: string | Buffer = '') =>
  request(agent.socket, method, target, { body });

async function restoring(name: string): Promise<void> {
  for (;;) {
    const generation = ++generations;
    const content = archive(generation);
    const { status } = await ask('PUT', `/berth/volumes/${name}/archive?replace=1&force=1`, content);
    assert.equal(status, 200);
    kept.set(name, generation);
    answered++;
  }
}

async function making(seed: string): Promise<void> {
  for (let at = 0; ; at++) {
    const name = `${seed}-${generations}-${at}`;
    if ((await ask('POST', '/volumes/create', JSON.stringify({ Name: name }))).status !== 201) return;
    kept.set(name, 0);
    const body = {
      Image: 'busybox',
      Cmd: ['true'],
      Volumes: { '/unnamed': {} },
      HostConfig: { Binds: [`${name}:/n`] },
    };
    const { Id } = (await ask('POST', '/containers/create', JSON.stringify(body))).json();
    await ask('DELETE', `/containers/${Id}?v=1`);
    if (at % 2 === 0) continue;
    removing.add(name);
    if ((await ask('DELETE', `/volumes/${name}`)).status !== 204) return;
    kept.delete(name);
    removing.delete(name);
    answered++;
  }
}

function leftovers(): string[] {
  const records = agent.docker('volume', 'ls', '-q').out.split('\n').filter(Boolean);
  const unused = agent.docker(
    'volume',
    'ls',
    '-q',
    '--filter',
    'dangling=true',
    '--filter',
    'label=com.docker.volume.anonymous',
  );
  return [
    ...readdirSync(path.join(data, 'volumes')).filter((name) => !records.includes(name)),
    ...records.filter((name) => readdirSync(path.join(data, 'volumes', name)).join() !== '_data'),
    ...unused.out.split('\n').filter(Boolean),
    ...readdirSync(path.join(data, 'tmp')).map((name) => `tmp/${name}`),
    ...(existsSync(path.join(data, 'orphaned-volumes')) ? ['orphaned-volumes'] : []),
  ];
}

for (let round = 0; round < rounds; round++) {
  test(`kill -9 in the middle of work on volumes (${round})`, async () => {
    const workers = [restoring('mounted'), restoring('alone'), making(`a${round}`), making(`b${round}`)];
    const settled = workers.map((worker) => worker.catch(() => undefined));
    await setTimeout(60 + round * 90);
    await agent.end('SIGKILL');
    await Promise.all(settled);
    await agent.start();
    for (const [name, generation] of kept) {
      if (removing.has(name)) continue;
      const files = readdirSync(place(name), { recursive: true, encoding: 'utf8' }).sort();
      if (files.length === 0) {
        assert.equal(generation, 0, `${name} had content`);
        continue;
      }
      assert.deepEqual(files, ['d', 'd/middle', 'first', 'last'], name);
      const found = ['first', 'd/middle', 'last'].map((file) =>
        Number(readFileSync(path.join(place(name), file), 'utf8')),
      );
      assert.equal(new Set(found).size, 1, `${name} is a mixture: ${found}`);
      assert.ok((found[0] ?? 0) >= generation, `${name} lost what was answered`);
    }
    assert.deepEqual(leftovers(), []);
  });
}

test('there was work to lose in those rounds', () => {
  assert.ok(answered > rounds, `${answered} were answered`);
});

test('files without a record are put aside, and an empty directory goes', async () => {
  await agent.end('SIGKILL');
  mkdirSync(place('foreign'), { recursive: true });
  writeFileSync(path.join(place('foreign'), 'file'), 'somebody’s');
  mkdirSync(place('begun'), { recursive: true });
  await agent.start();
  assert.equal(existsSync(path.join(data, 'volumes/foreign')), false);
  assert.equal(existsSync(path.join(data, 'volumes/begun')), false);
  const [aside = ''] = readdirSync(path.join(data, 'orphaned-volumes'));
  assert.match(aside, /^foreign-/);
  assert.equal(readFileSync(path.join(data, 'orphaned-volumes', aside, '_data/file'), 'utf8'), 'somebody’s');
  assert.equal(agent.docker('run', '--rm', '-v', 'foreign:/f', 'busybox', 'ls', '/f').out, '');
});
