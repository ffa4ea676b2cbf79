/** The agent is killed at any moment of its work: what it had answered holds, and nothing is left that has no owner. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { TestAgent } from './agent.ts';

const rounds = 8;
const agent = new TestAgent();
/** Of those that the agent acknowledged: whether they were started or not. */
const created = new Set<string>();
const started = new Set<string>();
const removing = new Set<string>();

before(() => agent.start());
after(() => agent.remove());

/** Creates, starts and removes until the agent is gone. */
async function work(seed: number): Promise<void> {
  for (let at = seed; ; at++) {
    const body = JSON.stringify({ Image: 'busybox:latest', Cmd: at % 2 === 0 ? ['sleep', '1000'] : ['true'] });
    const answer = await agent.ask('POST', '/containers/create', body);
    const { Id } = JSON.parse(answer.text);
    created.add(Id);
    if ((await agent.ask('POST', `/containers/${Id}/start`)).status === 204 && at % 2 === 0) started.add(Id);
    if (at % 3 === 0) continue;
    removing.add(Id);
    const removed = await agent.ask('DELETE', `/containers/${Id}?force=1`);
    if (removed.status === 204) for (const set of [created, started, removing]) set.delete(Id);
  }
}

function leftovers(): string[] {
  const owners = new Set(agent.docker('ps', '--all', '--quiet', '--no-trunc').out.split('\n').filter(Boolean));
  const running = new Set(agent.docker('ps', '--quiet', '--no-trunc').out.split('\n').filter(Boolean));
  const places = ['data/containers', 'run/containers'].map((place) => path.join(agent.directory, place));
  const links = [...running].map((id) => `bv${id.slice(0, 11)}`);
  return [
    ...places.flatMap((place) => readdirSync(place).filter((id) => !owners.has(id))),
    ...readdirSync(path.join(agent.directory, 'data/tmp')).map((name) => `tmp/${name}`),
    ...agent.cgroups().filter((id) => !running.has(id)),
    ...(agent.inNamespace('ip', '-o', 'link').stdout.match(/\bbv[0-9a-f]{11}/g) ?? []).filter(
      (link) => !links.includes(link),
    ),
  ];
}

for (let round = 0; round < rounds; round++) {
  test(`kill -9 in the middle of work loses nothing that was answered, and leaves nothing (${round})`, async () => {
    const workers = [0, 1, 2].map((seed) => work(seed).catch(() => undefined));
    await setTimeout(40 + round * 60);
    await agent.end('SIGKILL');
    await Promise.all(workers);
    await agent.start();
    for (const id of created) {
      if (removing.has(id)) continue;
      const answer = await agent.ask('GET', `/containers/${id}/json`);
      assert.equal(answer.status, 200, `${id} was created and is not there`);
      const { State } = JSON.parse(answer.text);
      if (started.has(id)) assert.equal(State.Running, true, `${id} was started and is ${JSON.stringify(State)}`);
      else assert.notEqual(State.Status, 'dead');
      if (State.Running) assert.ok(existsSync(`/proc/${State.Pid}`));
    }
    // The end of a supervisor that was not told to start, and of namespaces, takes the kernel a moment.
    for (let tries = 0; tries < 100 && leftovers().length > 0; tries++) await setTimeout(100);
    assert.deepEqual(leftovers(), []);
  });
}

test('there was work to lose in those rounds', () => {
  assert.ok(created.size > rounds && started.size > 0, `${created.size} created, ${started.size} started`);
});
