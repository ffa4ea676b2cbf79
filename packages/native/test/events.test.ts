/** What a supervisor tells about its container's memory: each kill once, and pressure. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeImage, type SpecOptions, Supervised, slowness } from './supervised.ts';

const image = makeImage();
const timeout = 60_000 * Math.min(slowness, 5);
const limited = { memory: { limit: 16 << 20, swap: 16 << 20 } };
const [oom, pressure] = [0x87, 0x89];
let count = 0;

after(() => {
  image.remove();
  for (const mount of ['', ...readdirSync('/sys/fs/cgroup')]) {
    const directory = path.join('/sys/fs/cgroup', mount, `berth-test-${process.pid}`);
    if (existsSync(directory)) rmdirSync(directory);
  }
});

async function started(options: SpecOptions): Promise<Supervised> {
  const container = new Supervised(image, `e${count++}`, options);
  await container.start();
  return container;
}

/** The counts that were told, in their order. */
const kills = (container: Supervised): number[] =>
  container.frames.filter(({ type }) => type === oom).map(({ payload }) => JSON.parse(payload).count);

test('a process that is killed for memory is told at once, though its parent reaps it inside', {
  timeout,
}, async () => {
  const container = await started({ args: ['sh', '-c', 'tail /dev/zero; exec sleep 1000'], resources: limited });
  await container.frame(oom);
  assert.deepEqual(kills(container), [1]);
  await sleep(200);
  container.kill();
  assert.equal((await container.end()).oomKilled, true);
  assert.deepEqual(kills(container), [1]);
});

test('each kill is told once, also the last one before the end and that of the first process', {
  timeout,
}, async () => {
  const several = await started({
    args: ['sh', '-c', 'for i in 1 2 3; do tail /dev/zero; done'],
    resources: limited,
  });
  assert.equal((await several.end()).oomKilled, true);
  assert.equal(kills(several).at(-1), 3);
  assert.deepEqual(kills(several), [...new Set(kills(several))].sort());
  for (let tries = 0; tries < (slowness > 1 ? 2 : 10); tries++) {
    const container = await started({ args: ['tail', '/dev/zero'], resources: limited });
    const { exitCode, oomKilled } = await container.end();
    assert.deepEqual({ exitCode, oomKilled, told: kills(container) }, { exitCode: 137, oomKilled: true, told: [1] });
  }
});

test('a container that ends as it should was not killed for memory', { timeout }, async () => {
  const container = await started({ args: ['true'], resources: limited });
  assert.equal((await container.end()).oomKilled, false);
  assert.deepEqual(kills(container), []);
});

test('a second client that watches learns of the kills before it came', { timeout }, async () => {
  const container = await started({ args: ['sh', '-c', 'tail /dev/zero; exec sleep 1000'], resources: limited });
  await container.frame(oom);
  container.abandon();
  await sleep(200);
  container.frames.length = 0;
  const socket = await container.reconnect();
  container.sendTo(socket, 0x0c, Buffer.from('{}'));
  assert.equal(JSON.parse((await container.frame(oom)).payload).count, 1);
  container.sendTo(socket, 0x06, Buffer.from('{"signal":9,"all":false}'));
  await container.end();
});

test('a container that memory does not suffice to make is refused with that reason', { timeout }, async () => {
  const container = new Supervised(image, `e${count++}`, {
    args: ['true'],
    resources: { memory: { limit: 8192, swap: 8192 } },
  });
  const { payload } = await container.frame(0x84);
  assert.match(payload, /memory/);
});

test('processes that wait for a processor are told as pressure, once in ten seconds', { timeout }, async (t) => {
  if (!existsSync('/sys/fs/cgroup/unified/cpu.pressure') && !existsSync('/proc/pressure/cpu')) {
    t.diagnostic('not applicable: this kernel tells no pressure');
    return;
  }
  const script = 'for i in 1 2 3 4 5 6; do while :; do :; done & done; wait';
  const container = await started({ args: ['sh', '-c', script], resources: { cpu: { cpus: '0' } } });
  assert.deepEqual(JSON.parse((await container.frame(pressure)).payload), { resource: 'cpu', kind: 'some' });
  await sleep(5000);
  assert.equal(container.frames.filter(({ type }) => type === pressure).length, 1);
  const threads = readFileSync(`/proc/${container.child.pid}/status`, 'utf8');
  assert.match(threads, /^Threads:\s+1$/m);
  container.kill();
  await container.end();
});
