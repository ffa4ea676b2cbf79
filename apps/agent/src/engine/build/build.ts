/** `docker build` by the classic builder: a Dockerfile's stages, step by step, each an image. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { closeFd, removeTree } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import type { ImageRecord, ImageUse } from '../images/context.ts';
import { architecture } from '../images/platform.ts';
import { taggedName } from '../images/reference.ts';
import { BuildArgs } from './build-args.ts';
import { receiveContext } from './context.ts';
import { parseDockerfile } from './dockerfile.ts';
import { beginStage, checkPlatform, takeTriggers } from './from.ts';
import type { Instruction } from './instructions.ts';
import type { BuildDependencies, BuildRequest, Job, StageState } from './job.ts';
import { type BuildOutput, say, short } from './output.ts';
import { buildLabel } from './run.ts';
import { planStages, type Stage } from './stages.ts';
import { perform } from './steps.ts';
import { expandWord } from './words.ts';

const buildsMax = 16;
const stepsMax = 1000;

export type Builds = ReturnType<typeof createBuilds>;

export function createBuilds(deps: BuildDependencies) {
  /** Images that builds under way go on from, by build. */
  const used = new Map<string, () => string[]>();

  return {
    /** @returns the image's id. @throws invalid-parameter, not-found, cancelled and what a step throws */
    async build(request: BuildRequest, input: Readable, output: BuildOutput, signal: AbortSignal): Promise<string> {
      request.names.forEach(taggedName);
      checkPlatform(request.platform);
      if (used.size >= buildsMax) {
        throw new EngineError('unavailable', `${buildsMax} builds are under way, which is as many as there may be`);
      }
      const id = randomBytes(32).toString('hex');
      used.set(id, () => []);
      const staging = path.join(deps.dataDir, 'tmp', `build-${id}`);
      try {
        mkdirSync(staging, { recursive: true, mode: 0o700 });
        const job = await prepare({ id, staging, request, input, output, signal });
        return await finish(job);
      } catch (error) {
        if (signal.aborted) throw new EngineError('cancelled', 'Build cancelled', { cause: error });
        throw error;
      } finally {
        used.delete(id);
        await removeTree(staging);
      }
    },

    /** So that no image goes from under a build. */
    inUse: (): ImageUse[] =>
      [...used].flatMap(([containerId, images]) =>
        images().map((imageId) => ({ containerId, name: 'build', imageId, running: true })),
      ),

    /** At start: containers of builds that ended with their agent. */
    async sweep(): Promise<void> {
      const left = deps.containers.all().filter((one) => one.config.Labels[buildLabel] !== undefined);
      await Promise.all(left.map((one) => deps.containers.remove(one.id, { force: true, volumes: true })));
    },
  };

  async function prepare(given: Pick<Job, 'id' | 'staging' | 'request' | 'output' | 'signal'> & { input: Readable }) {
    const { input, ...rest } = given;
    const { request, signal, staging } = rest;
    const context = await receiveContext(input, path.join(staging, 'context'), {
      dockerfile: request.dockerfile,
      signal,
    });
    return { ...deps, ...rest, context, stages: [], cacheFrom: candidates(request), trees: new Map<string, number>() };
  }

  function candidates(request: BuildRequest): ImageRecord[] {
    return request.cacheFrom.flatMap((reference) => {
      try {
        return [deps.images.resolve(reference)];
      } catch {
        return [];
      }
    });
  }

  async function finish(prepared: Awaited<ReturnType<typeof prepare>>): Promise<string> {
    try {
      // The outcome is a value for the hold, which keeps what an error left for another try.
      const outcome = await deps.images.hold((layers) =>
        stagesOf({ ...prepared, layers }).then(
          (image) => ({ image }),
          (error) => ({ error }),
        ),
      );
      if ('error' in outcome) throw outcome.error;
      return outcome.image;
    } finally {
      for (const root of [prepared.context.root, ...prepared.trees.values()]) closeFd(root);
    }
  }

  async function stagesOf(prepared: Omit<Job, 'escapeChar' | 'args'>): Promise<string> {
    const { request, output } = prepared;
    const dockerfile = parseDockerfile(prepared.context.dockerfile);
    const plan = planStages(dockerfile, request.target);
    plan.stages.at(-1)?.instructions.push(...request.labels.map(labelInstruction));
    const total = plan.args.length + plan.stages.reduce((sum, one) => sum + 1 + one.instructions.length, 0);
    if (total > stepsMax) throw new EngineError('invalid-parameter', `there are more than ${stepsMax} steps`);
    for (const warning of dockerfile.warnings) say(output, `${warning}\n`);
    const job: Job = {
      ...prepared,
      escapeChar: dockerfile.escapeChar,
      args: new BuildArgs(request.args, architecture()),
    };
    let step = 0;
    const announce = ({ original }: { original: string }) => {
      say(output, `Step ${++step}/${total} : ${original}\n`);
    };
    for (const arg of plan.args) {
      announce(arg);
      for (const [name, value] of arg.args) {
        const globals = job.args.globals();
        const expand = (text: string) => expandWord(text, globals, job.escapeChar);
        job.args.declareGlobal(expand(name), value === null ? null : expand(value));
      }
    }
    for (const stage of plan.stages) await performStage(job, stage, announce);
    const image = job.stages.at(-1)?.image ?? null;
    if (image === null) {
      throw new EngineError('invalid-parameter', 'No image was generated. Is your Dockerfile empty?');
    }
    const left = job.args.unconsumed();
    if (left.length > 0) say(output, `[Warning] One or more build-args [${left.join(' ')}] were not consumed\n`);
    say(output, `Successfully built ${short(image.id)}\n`);
    for (const name of new Set(request.names.map(taggedName))) {
      deps.images.tag(image.id, name);
      say(output, `Successfully tagged ${name}\n`);
    }
    return image.id;
  }

  async function performStage(job: Job, stage: Stage, announce: (one: { original: string }) => void): Promise<void> {
    announce(stage.from);
    const state = await beginStage(job, stage.from);
    used.set(job.id, () => [state, ...job.stages].flatMap(({ image }) => (image === null ? [] : [image.id])));
    const triggers = takeTriggers(job, state);
    if (triggers.length > stepsMax)
      throw new EngineError('invalid-parameter', `there are more than ${stepsMax} triggers`);
    for (const trigger of triggers) await performOne(job, state, trigger);
    sayImage(job, state);
    for (const instruction of stage.instructions) {
      announce(instruction);
      await performOne(job, state, instruction);
      sayImage(job, state);
    }
    if (state.image !== null) job.output.send({ aux: { ID: state.image.id } });
    job.args.reset();
    job.stages.push({ name: stage.from.name, image: state.image });
  }

  async function performOne(job: Job, state: StageState, instruction: Instruction): Promise<void> {
    job.signal.throwIfAborted();
    await job.output.drained();
    await perform(job, state, instruction);
  }
}

function sayImage(job: Job, { image }: StageState): void {
  say(job.output, ` ---> ${image === null ? '' : short(image.id)}\n`);
}

/** `--label`. */
function labelInstruction([name, value]: [string, string]): Instruction {
  return { kind: 'label', pairs: [[name, value]], asGiven: true, line: 0, original: `LABEL ${name}=${value}` };
}
