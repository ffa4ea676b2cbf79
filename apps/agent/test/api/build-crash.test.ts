/** The agent is killed at any moment of a build: nothing of it is left, and the same build then succeeds. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { TestAgent } from './agent.ts';
import { build, type Files, leftovers } from './builds.ts';

const rounds = 10;
const agent = new TestAgent();
let interrupted = 0;
/** Of a whole build here and now. */
let buildMs = 0;

before(async () => {
  await agent.start();
  const began = Date.now();
  const { status, err } = await build(agent, files(rounds), '-t', 'crash:whole').done;
  assert.equal(status, 0, err);
  buildMs = Date.now() - began;
});
after(() => agent.remove());

const files = (round: number): Files => ({
  Dockerfile: `FROM busybox AS one
ENV ROUND=${round}
COPY data /data/
RUN head -c 3000000 /dev/urandom > /random; sleep 0.2; echo ${round} > /round
WORKDIR /made
FROM busybox
COPY --from=one /random /round /
RUN sleep 0.1; cat /round
`,
  'data/a': Buffer.alloc(3_000_000, `${round}`),
  'data/b': 'b',
});

for (let round = 0; round < rounds; round++) {
  test(`kill -9 in the middle of a build leaves nothing, and the build succeeds after it (${round})`, async () => {
    const first = build(agent, files(round), '-t', `crash:${round}`);
    await setTimeout((buildMs * (round + 0.5)) / rounds);
    await agent.end('SIGKILL');
    if ((await first.done).status !== 0) interrupted++;
    await agent.start();
    for (let tries = 0; tries < 100 && leftovers(agent).length > 0; tries++) await setTimeout(100);
    assert.deepEqual(leftovers(agent), []);
    const { status, out, err } = await build(agent, files(round), '-t', `crash:${round}`).done;
    assert.equal(status, 0, `${out}${err}`);
    assert.equal(agent.docker('run', '--rm', `crash:${round}`, 'cat', '/round').out, `${round}\n`);
    assert.deepEqual(leftovers(agent), []);
  });
}

test('builds were interrupted in those rounds, and the store is whole', async () => {
  assert.ok(interrupted > rounds / 2, `${interrupted} of ${rounds}`);
  await agent.end('SIGTERM');
  const program = path.resolve(import.meta.dirname, '../../bin/berth-agent');
  const answer = spawnSync(program, ['fsck', '--data-dir', path.join(agent.directory, 'data'), '--json'], {
    encoding: 'utf8',
  });
  assert.deepEqual(JSON.parse(answer.stdout).findings, [], answer.stderr);
  await agent.start();
});
