/** FROM: what a stage begins with, and what its base wants done first. */
import { EngineError } from '@berth/shared/errors';
import type { ImageRecord } from '../images/context.ts';
import { architecture, parsePlatform } from '../images/platform.ts';
import { parseReference } from '../images/reference.ts';
import { parseDockerfile } from './dockerfile.ts';
import { type From, type Instruction, parseInstruction } from './instructions.ts';
import type { Job, StageState } from './job.ts';
import { say } from './output.ts';
import { runConfigOf } from './run-config.ts';
import { expandWord } from './words.ts';

/** @throws not-found, invalid-parameter */
export async function beginStage(job: Job, from: From): Promise<StageState> {
  const platform = expandWord(from.platform, job.args.globals(), job.escapeChar);
  checkPlatform(platform === '' ? job.request.platform : platform);
  const base = expandWord(from.base, job.args.globals(), job.escapeChar);
  if (base === '') throw new EngineError('invalid-parameter', `base name (${from.base}) should not be blank`);
  const earlier = job.stages.find((stage) => stage.name === base.toLowerCase());
  const image = earlier !== undefined ? earlier.image : base === 'scratch' ? null : await imageOrPull(job, base);
  return {
    image,
    config: runConfigOf(image?.config.config),
    author: image?.config.author ?? '',
    isCmdSet: false,
    isCacheOver: false,
  };
}

/** What an ONBUILD of the base says, once. @throws invalid-parameter */
export function takeTriggers(job: Job, stage: StageState): Instruction[] {
  const triggers = stage.config.OnBuild;
  stage.config.OnBuild = [];
  if (triggers.length === 0) return [];
  say(job.output, `# Executing ${triggers.length} build trigger${triggers.length > 1 ? 's' : ''}\n`);
  return triggers.map((trigger) => {
    const { lines, escapeChar } = parseDockerfile(trigger);
    const [line] = lines;
    if (line === undefined || lines.length > 1) {
      throw new EngineError('invalid-parameter', 'onbuild trigger should be a single expression');
    }
    if (['ONBUILD', 'FROM', 'MAINTAINER'].includes(line.name)) {
      throw new EngineError('invalid-parameter', `${line.name} isn't allowed as an ONBUILD trigger`);
    }
    return parseInstruction(line, escapeChar);
  });
}

/** Here, or from its registry. @throws not-found and what a pull throws */
export async function imageOrPull(job: Job, named: string): Promise<ImageRecord> {
  const { images, pull, request, signal, output } = job;
  const isId = /^(?:sha256:)?[0-9a-f]{64}$/.test(named);
  if (!request.pull || isId) {
    try {
      return images.resolve(named);
    } catch (error) {
      if (isId || !(error instanceof EngineError && error.kind === 'not-found')) throw error;
    }
  }
  const reference = parseReference(named);
  const credentials = request.credentials.get(reference.domain) ?? null;
  const { id } = await pull.pullImage(reference, {
    platform: null,
    credentials,
    signal,
    onProgress: output.onProgress,
  });
  return images.resolve(id);
}

/** A program of another machine would not run here. @throws invalid-parameter */
export function checkPlatform(text: string): void {
  const platform = parsePlatform(text);
  if (platform === null || (platform.os === 'linux' && platform.architecture === architecture())) return;
  throw new EngineError(
    'invalid-parameter',
    `the platform ${text} cannot be built for here: this host is linux/${architecture()}`,
  );
}
