/** COPY, ADD and WORKDIR: steps that write without running anything. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { removeTree } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { openImage } from '../containers/root.ts';
import type { ImageRecord } from '../images/context.ts';
import { ingestUpper, makeTree } from '../images/written-layer.ts';
import { commit, nopStep, takeCached } from './commit.ts';
import type { Source } from './context.ts';
import { copyItems, inWritableTree, makeDirectory } from './copy.ts';
import { imageOrPull } from './from.ts';
import type { Copy } from './instructions.ts';
import type { Job, StageState } from './job.ts';
import { findItems, hashOf } from './sources.ts';

/** `copy` with its variables replaced. */
export async function copyStep(job: Job, stage: StageState, copy: Copy): Promise<void> {
  const name = copy.kind.toUpperCase();
  const items = await named(`${name} failed`, async () => {
    const found = await findItems(copy, await sourceOf(job, copy.from), job.signal);
    if (found.length > 1 && !copy.destination.endsWith('/')) {
      throw new EngineError(
        'invalid-parameter',
        `When using ${name} with more than one source file, the destination must be a directory and end with a /`,
      );
    }
    return found;
  });
  const options = [
    ...(copy.chmod === '' ? [] : [`--chmod=${copy.chmod} `]),
    ...(copy.chown === '' ? [] : [`--chown=${copy.chown}`]),
  ].join('');
  const step = nopStep(stage, `${name} ${options}${hashOf(items)} in ${copy.destination} `);
  if (takeCached(job, stage, step)) return;
  const { signal } = job;
  const { WorkingDir: workingDir } = stage.config;
  const layer = await writing(job, stage, (root) =>
    named('failed to copy files', () => copyItems(items, copy, { root, workingDir, signal })),
  );
  commit(job, stage, step, layer);
}

/** The directory is made at once, as root's. */
export async function workdirStep(job: Job, stage: StageState, value: string): Promise<void> {
  if (value === '') throw new EngineError('invalid-parameter', 'cannot normalize nothing');
  const { config } = stage;
  config.WorkingDir = value.startsWith('/') ? value : path.posix.join('/', config.WorkingDir, value);
  const step = nopStep(stage, `WORKDIR ${config.WorkingDir}`);
  if (takeCached(job, stage, step)) return;
  const layer = await writing(job, stage, (root) => makeDirectory(root, config.WorkingDir, job.signal));
  commit(job, stage, step, layer);
}

/** What `write` writes over the stage's image, as a layer; null when it is nothing. */
async function writing(job: Job, stage: StageState, write: (root: number) => Promise<void>) {
  const directory = path.join(job.staging, randomBytes(8).toString('hex'));
  const lower = treesOf(job, stage.image);
  const tree = makeTree(directory, lower);
  try {
    await inWritableTree({ lower, ...tree }, write);
    return await ingestUpper(job.layers, tree.upper, stage.image?.chainIds.at(-1) ?? null, job.signal);
  } finally {
    await removeTree(directory);
  }
}

/** Topmost first; at least one. */
function treesOf(job: Job, image: ImageRecord | null): string[] {
  return image === null || image.layerDirs.length === 0 ? [emptyTree(job)] : image.layerDirs;
}

function emptyTree(job: Job): string {
  const empty = path.join(job.staging, 'empty');
  mkdirSync(empty, { recursive: true, mode: 0o755 });
  return empty;
}

/** Of `--from`: a stage by name or number, or an image; '' is the context. */
async function sourceOf(job: Job, from: string): Promise<Source> {
  if (from === '') return job.context;
  const image = await named(
    `invalid from flag value ${from}`,
    async () => stageOf(job, from) ?? imageOrPull(job, from),
  );
  const id = image === 'nothing' ? '' : image.id;
  const root = job.trees.get(id) ?? (await openImage(treesOf(job, image === 'nothing' ? null : image)));
  job.trees.set(id, root);
  return { root, isHidden: () => false };
}

/** Null when there is no such stage. */
function stageOf(job: Job, from: string): ImageRecord | 'nothing' | null {
  const named = job.stages.find((stage) => stage.name === from.toLowerCase());
  if (named !== undefined) return named.image ?? 'nothing';
  if (!/^\d{1,4}$/.test(from)) return null;
  const stage = job.stages[Number(from)];
  if (stage !== undefined) return stage.image ?? 'nothing';
  const why = Number(from) === job.stages.length ? 'refers to current build stage' : 'index out of bounds';
  throw new EngineError('invalid-parameter', why);
}

/** What goes wrong is told as what was tried. */
async function named<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof EngineError) throw new EngineError(cause.kind, `${what}: ${cause.message}`, { cause });
    if (cause instanceof Error && 'code' in cause && 'syscall' in cause) {
      throw new EngineError('invalid-parameter', `${what}: ${cause.message}`, { cause });
    }
    throw cause;
  }
}
