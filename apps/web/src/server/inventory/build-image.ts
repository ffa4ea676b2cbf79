import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import { isReference, isRegistryName } from '@/format/reference.ts';
import { server } from '../context.ts';
import { followEngine } from '../jobs/engine-progress.ts';
import type { Job } from '../jobs/jobs.ts';
import { configHeaders } from '../registries/accounts.ts';
import type { ActionResult, JobResult, UserView } from '../views.ts';
import { startJob } from './start-job.ts';

const text = z.string().max(4096);

export const buildInput = z.object({
  tags: z.array(z.string().refine(isReference, 'This is no name of an image.')).max(32),
  dockerfile: text.default('Dockerfile'),
  target: text.default(''),
  buildArgs: z.record(z.string().min(1).max(256), z.string().max(32_768)).default({}),
  noCache: z.boolean().default(false),
  pull: z.boolean().default(false),
  /** Whose accounts the build may use for the images it begins with. */
  registries: z.array(z.string().refine(isRegistryName)).max(64).default([]),
});
export type BuildInput = z.input<typeof buildInput>;

/** The context is read as it comes, never kept here. Resolves when it was read whole, or the build is over. */
export async function buildImage(
  user: UserView,
  hostId: string,
  input: BuildInput,
  context: Readable | ReadableStream,
): Promise<ActionResult<{ jobId: string }>> {
  const parsed = buildInput.safeParse(input);
  if (!parsed.success)
    return { ok: false, kind: 'invalid-parameter', message: parsed.error.issues[0]?.message ?? 'Not valid.' };
  const build = parsed.data;
  const body = context instanceof Readable ? context : Readable.fromWeb(context);
  const title = build.tags[0] ?? build.dockerfile;
  const order = { kind: 'build', action: 'build-image', hostId, targetId: null, title } as const;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  // A browser that leaves in the middle of its upload ends the build; the engine says what is missing.
  body.once('end', resolve).once('error', resolve).once('close', resolve);
  const started = await startJob(user, order, (job) => run(hostId, build, body, job).finally(resolve));
  if (started.ok) await over;
  else body.destroy();
  return started;
}

async function run(hostId: string, build: z.infer<typeof buildInput>, body: Readable, job: Job): Promise<JobResult> {
  const { agents, store, secrets } = server();
  const answer = await agents.request(hostId, {
    method: 'POST',
    path: '/build',
    query: {
      t: build.tags,
      dockerfile: build.dockerfile,
      target: build.target || undefined,
      buildargs: JSON.stringify(build.buildArgs),
      nocache: build.noCache,
      pull: build.pull,
      rm: true,
      version: '1',
    },
    headers: configHeaders({ store, secrets }, build.registries),
    stream: { body, contentType: 'application/x-tar' },
    signal: job.signal,
  });
  const { aux } = await followEngine(answer, job);
  await agents.refreshImages(hostId).catch(() => {});
  const id = aux.map(({ ID }) => ID).findLast((each) => typeof each === 'string');
  if (typeof id !== 'string') throw new EngineError('system', 'The host ended the build without an image.');
  return { imageId: id };
}
