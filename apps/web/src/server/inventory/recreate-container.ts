import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import { createLogReader } from '../agents/log-lines.ts';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { Job } from '../jobs/jobs.ts';
import { imageTag } from '../updates/newer-images.ts';
import type { ActionResult, JobResult } from '../views.ts';
import { containerName, containerOf } from './container-of.ts';
import { pull } from './pull.ts';
import { imageConfig, type Recreatable, recreatable, recreateRequest } from './recreate-request.ts';
import { startJob } from './start-job.ts';

const options = z.object({
  /** Ask the registry first; otherwise what the tag stands for on the host is taken. */
  pull: z.boolean(),
  /** How long the new container must run, or may take to become healthy on top, before the old one goes. */
  watchSeconds: z.number().int().min(1).max(600),
});
export type RecreateOptions = z.infer<typeof options>;

const pollMs = 500;
const healthyWithinMs = 180_000;
const stopMs = 180_000;
const logLines = 10;

/**
 * The same container from the newest image of its tag: the old one is put aside, the new one is made with its settings,
 * started and watched. Only when that went well the old one is removed; otherwise it is put back and goes on.
 */
export async function recreateContainer(
  hostId: string,
  containerId: string,
  wanted: RecreateOptions,
): Promise<ActionResult<{ jobId: string }>> {
  const user = await requireUser();
  const title = containerName(hostId, containerId) ?? containerId.slice(0, 12);
  const order = { kind: 'recreate', action: 'recreate', hostId, targetId: containerId, title } as const;
  return await startJob(user, order, async (job) => {
    const parsed = options.safeParse(wanted);
    if (!parsed.success) throw new EngineError('invalid-parameter', 'These options are not valid.');
    const { id } = containerOf(hostId, containerId);
    return await recreate(engineOf(hostId), id, parsed.data, job);
  });
}

type Engine = ReturnType<typeof engineOf>;
const created = z.object({ Id: z.string().regex(/^[0-9a-f]{64}$/) });
const imageInspect = z.object({ Id: z.string(), Config: imageConfig.nullish() });

async function recreate(engine: Engine, id: string, wanted: RecreateOptions, job: Job): Promise<JobResult> {
  const { signal } = job;
  const old = recreatable.parse(await engine.json({ path: `/containers/${id}/json`, signal }));
  const reference = imageTag(old);
  if (reference === null)
    throw new EngineError('conflict', 'It was made from a fixed image, and a fixed image never becomes newer.');
  if (old.HostConfig.AutoRemove)
    throw new EngineError('conflict', 'It is removed when it stops, so it could not be put back if the new one fails.');
  if (wanted.pull) {
    job.step('pull');
    await pull({ hostId: engine.hostId, reference: old.Config.Image }, job);
  }
  const image = imageInspect.parse(await engine.json({ path: `/images/${reference}/json`, signal }));
  if (image.Id === old.Image) return { isUpToDate: true, containerId: id, imageId: image.Id };
  const from = imageInspect.safeParse(
    await engine.json({ path: `/images/${old.Image}/json`, signal }).catch(() => null),
  );
  const body = recreateRequest(old, from.data?.Config ?? {});
  const newId = await replace({ engine, old, body, watchMs: wanted.watchSeconds * 1000, job });
  job.step('tidy');
  // The volumes without a name are the new one's by now.
  await engine
    .json({ method: 'DELETE', path: `/containers/${id}`, query: { force: true, v: false } })
    .catch((error: unknown) => job.say(`The old container could not be removed: ${messageOf(error)}`));
  await engine.refresh(id, newId);
  return { containerId: newId, imageId: image.Id };
}

interface Replacement {
  engine: Engine;
  old: Recreatable;
  body: Record<string, unknown>;
  watchMs: number;
  job: Job;
}

/** @returns the new container's id. @throws EngineError after the old one was put back */
async function replace({ engine, old, body, watchMs, job }: Replacement): Promise<string> {
  const { signal } = job;
  const name = old.Name.replace(/^\//, '');
  const aside = `${name}-before-${Date.now().toString(36)}`;
  const wasUp = ['running', 'paused', 'restarting'].includes(old.State.Status);
  let newId: string | null = null;
  let isAside = false;
  job.step('replace');
  try {
    await engine.json({ method: 'POST', path: `/containers/${old.Id}/rename`, query: { name: aside }, signal });
    isAside = true;
    // Its ports and volumes are the new one's from here on.
    if (wasUp) await engine.json({ method: 'POST', path: `/containers/${old.Id}/stop`, signal, withinMs: stopMs });
    const answer = await engine.json({ method: 'POST', path: '/containers/create', query: { name }, body, signal });
    newId = created.parse(answer).Id;
    if (!wasUp) return newId;
    job.step('start');
    await engine.json({ method: 'POST', path: `/containers/${newId}/start`, signal });
    job.step('watch');
    await watch({ engine, id: newId, watchMs, signal });
    return newId;
  } catch (error) {
    job.step('restore');
    if (newId !== null) for (const line of await lastWords(engine, newId)) job.say(line);
    const trouble = await restore({ engine, old, name, newId, isAside, wasUp });
    await engine.refresh(old.Id, ...(newId === null ? [] : [newId]));
    if (trouble === null && job.signal.aborted) throw error;
    const what = trouble === null ? 'The old container was put back.' : `The old container is ${aside}: ${trouble}`;
    throw new EngineError('system', `${messageOf(error)} ${what}`, { cause: error });
  }
}

const state = z.object({
  RestartCount: z.number().catch(0),
  State: z.object({
    Status: z.string(),
    ExitCode: z.number().catch(0),
    Error: z.string().catch(''),
    OOMKilled: z.boolean().catch(false),
    Health: z.object({ Status: z.string(), FailingStreak: z.number().catch(0) }).nullish(),
  }),
});

/** Resolves when it is healthy, or without a health check has run long enough. @throws EngineError saying what it did */
async function watch({
  engine,
  id,
  watchMs,
  signal,
}: {
  engine: Engine;
  id: string;
  watchMs: number;
  signal: AbortSignal;
}): Promise<void> {
  const began = Date.now();
  for (;;) {
    const { RestartCount, State } = state.parse(await engine.json({ path: `/containers/${id}/json`, signal }));
    if (State.Status !== 'running' || RestartCount > 0) {
      const why = State.OOMKilled ? ', out of memory' : State.Error && `: ${State.Error}`;
      throw new EngineError('system', `The new container ended with exit code ${State.ExitCode}${why}.`);
    }
    const health = State.Health?.Status ?? 'none';
    if (health === 'unhealthy') throw new EngineError('system', 'The new container became unhealthy.');
    const passedMs = Date.now() - began;
    if (health === 'healthy' && passedMs >= Math.min(watchMs, pollMs)) return;
    if (health === 'none' && passedMs >= watchMs) return;
    if (passedMs >= watchMs + healthyWithinMs)
      throw new EngineError('deadline', 'The new container did not become healthy in time.');
    await sleep(pollMs, undefined, { signal });
  }
}

interface Restoration {
  engine: Engine;
  old: Recreatable;
  name: string;
  newId: string | null;
  isAside: boolean;
  wasUp: boolean;
}

/** Without the job's signal: also a cancelled job leaves the old container as it was. @returns what went wrong, or null */
async function restore({ engine, old, name, newId, isAside, wasUp }: Restoration): Promise<string | null> {
  try {
    if (newId !== null)
      await engine.json({ method: 'DELETE', path: `/containers/${newId}`, query: { force: true, v: false } });
    if (isAside) await engine.json({ method: 'POST', path: `/containers/${old.Id}/rename`, query: { name } });
    if (wasUp && isAside) await engine.json({ method: 'POST', path: `/containers/${old.Id}/start` });
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

async function lastWords(engine: Engine, id: string): Promise<string[]> {
  try {
    const query = { stdout: true, stderr: true, tail: logLines, timestamps: true };
    const answer = await server().agents.request(engine.hostId, {
      method: 'GET',
      path: `/containers/${id}/logs`,
      query,
    });
    const read = createLogReader(false);
    let text = '';
    for await (const chunk of answer) text += read(chunk);
    const line = z.object({ text: z.string() });
    return text
      .split('\n')
      .filter(Boolean)
      .map((each) => line.parse(JSON.parse(each)).text);
  } catch {
    return [];
  }
}

interface EngineCall {
  method?: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string | boolean>;
  body?: unknown;
  signal?: AbortSignal;
  withinMs?: number;
}

function engineOf(hostId: string) {
  const { agents } = server();
  return {
    hostId,
    json: ({ method = 'GET', signal, withinMs = 60_000, ...request }: EngineCall): Promise<unknown> => {
      const limit = AbortSignal.timeout(withinMs);
      return agents.requestJson(hostId, {
        method,
        ...request,
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
    },
    async refresh(...ids: string[]) {
      for (const id of ids) await agents.refreshContainer(hostId, id).catch(() => {});
      await agents.refreshImages(hostId).catch(() => {});
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Something went wrong.';
}
