import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActionResult, JobProgress, JobResult } from '../views.ts';
import { followEngine } from './engine-progress.ts';
import { createJobs, type Job } from './jobs.ts';

const subject = { kind: 'pull', hostId: 'h', title: 'busybox', userEmail: 'a@b' } as const;
const jobs = () => createJobs({ now: () => 1, changed: () => {} });
const never = new AbortController().signal;
const done: ActionResult<JobResult> = { ok: true, value: { imageId: 'sha256:1' } };

async function watched(list: AsyncGenerator<JobProgress>): Promise<JobProgress[]> {
  const all: JobProgress[] = [];
  for await (const progress of list) all.push(progress);
  return all;
}

test('a watcher gets everything first, then what changed, and the end', async () => {
  const kept = jobs();
  let finish = () => {};
  const id = kept.start(subject, async (job) => {
    job.say('one');
    job.item({ id: 'a', status: 'Downloading', currentBytes: 1, totalBytes: 2 });
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    job.say('two');
    return done;
  });
  const list = kept.watch(id ?? '', never);
  const first = (await list.next()).value;
  assert.deepEqual([first.lines, first.items.length, first.job.state], [['one'], 1, 'running']);
  finish();
  const rest = await watched(list);
  assert.deepEqual(
    rest.flatMap(({ lines }) => lines),
    ['two'],
  );
  assert.deepEqual(
    rest.flatMap(({ items }) => items),
    [],
  );
  assert.deepEqual([rest.at(-1)?.job.state, rest.at(-1)?.job.result.imageId], ['done', 'sha256:1']);
  const again = await watched(kept.watch(id ?? '', never));
  assert.deepEqual(
    again.map(({ lines, items }) => [lines, items.length]),
    [[['one', 'two'], 1]],
  );
});

test('cancelling reaches the work, and is not told as a failure', async () => {
  const kept = jobs();
  const id = kept.start(
    subject,
    (job) =>
      new Promise((resolve) => {
        job.signal.addEventListener('abort', () => resolve({ ok: false, kind: 'cancelled', message: 'Cancelled.' }));
      }),
  );
  kept.cancel(id ?? '');
  const last = (await watched(kept.watch(id ?? '', never))).at(-1);
  assert.deepEqual([last?.job.state, last?.job.message], ['cancelled', '']);
});

test('lines beyond what is kept go from the start, and a watcher misses none that are there', async () => {
  const kept = jobs();
  let handle: Job | undefined;
  const id = kept.start(subject, async (job) => {
    handle = job;
    for (let count = 0; count < 6_000; count += 1) job.say(`${count}`);
    return done;
  });
  assert.ok(handle);
  const [progress] = await watched(kept.watch(id ?? '', never));
  assert.equal(progress?.lines.at(-1), '5999');
  assert.ok((progress?.lines.length ?? 0) <= 5_000);
});

test('finished work is kept for a while, not for ever', async () => {
  const kept = jobs();
  const ids = Array.from({ length: 60 }, () => kept.start(subject, async () => done));
  await Promise.all(ids.map((id) => watched(kept.watch(id ?? '', never))));
  assert.equal(kept.list().length, 50);
});

async function follow(...lines: object[]) {
  const items: object[] = [];
  const said: string[] = [];
  // Cut where no line ends.
  const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\r\n`).join(''));
  const chunks = (async function* () {
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  })();
  const outcome = await followEngine(chunks, {
    signal: never,
    item: (item) => items.push(item),
    say: (line) => said.push(line),
  });
  return { items, said, ...outcome };
}

test('a pull tells its layers and its last words', async () => {
  const { items, said, statuses } = await follow(
    { id: 'latest', status: 'Pulling from library/busybox' },
    { id: 'abc', status: 'Downloading', progressDetail: { current: 5, total: 10 } },
    { id: 'abc', status: 'Pull complete', progressDetail: {} },
    { status: 'Digest: sha256:00' },
  );
  assert.deepEqual(items, [
    { id: 'abc', status: 'Downloading', currentBytes: 5, totalBytes: 10 },
    { id: 'abc', status: 'Pull complete', currentBytes: 0, totalBytes: 0 },
  ]);
  assert.deepEqual(said, ['latest: Pulling from library/busybox', 'Digest: sha256:00']);
  assert.equal(statuses.at(-1), 'Digest: sha256:00');
});

test('a build tells whole lines, and what it made', async () => {
  const { said, aux } = await follow(
    { stream: 'Step 1/1 : FROM ' },
    { stream: 'busybox\n' },
    { stream: '10%\r100%\n' },
    { aux: { ID: 'sha256:1' } },
  );
  assert.deepEqual(said, ['Step 1/1 : FROM busybox', '100%']);
  assert.deepEqual(aux, [{ ID: 'sha256:1' }]);
});

test('an error in the stream is thrown in the words of who refused', async () => {
  await assert.rejects(follow({ status: 'x' }, { error: 'e', errorDetail: { message: 'pull access denied' } }), {
    message: 'pull access denied',
  });
});
