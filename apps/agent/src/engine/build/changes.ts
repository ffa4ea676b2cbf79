/** Instructions that `docker commit --change` and `docker import --change` take: those of a Dockerfile that only describe. Pure. */
import path from 'node:path';
import { EngineError } from '@berth/shared/errors';
import type { ImageConfig } from '../images/config.ts';
import { describe, variablesIn } from './describe.ts';
import { type Line, parseDockerfile } from './dockerfile.ts';
import { type Instruction, parseInstruction } from './instructions.ts';
import { filledConfig, type RunConfig } from './run-config.ts';
import { type Escape, expandWord } from './words.ts';

type Config = NonNullable<ImageConfig['config']>;

const known = 'CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR'.split(' ');

/** @throws invalid-parameter */
export function applyChanges(config: Config, changes: readonly string[]): Config {
  const text = changes.join('\n');
  if (text.trim() === '') return config;
  const { lines, escapeChar } = parseDockerfile(text);
  const instructions = lines.map((line) => parseChange(line, escapeChar));
  const before = filledConfig(config);
  const after = structuredClone(before);
  let isCmdSet = false;
  for (const instruction of instructions) {
    apply(after, instruction, { escapeChar, isCmdSet });
    isCmdSet ||= instruction.kind === 'cmd';
  }
  const isChanged = (name: string) =>
    JSON.stringify(before[name as keyof RunConfig]) !== JSON.stringify(after[name as keyof RunConfig]);
  return { ...config, ...Object.fromEntries(Object.entries(after).filter(([name]) => isChanged(name))) };
}

function parseChange(line: Line, escapeChar: Escape): Instruction {
  if (!known.includes(line.name))
    throw new EngineError('invalid-parameter', `${line.name} is not a valid change command`);
  if (line.rest.trim() === '')
    throw new EngineError('invalid-parameter', `${line.name} requires at least one argument`);
  return parseInstruction(line, escapeChar);
}

function apply(config: RunConfig, instruction: Instruction, words: { escapeChar: Escape; isCmdSet: boolean }): void {
  const variables = new Map(variablesIn(config.Env));
  switch (instruction.kind) {
    case 'workdir':
      config.WorkingDir = path.posix.resolve(
        '/',
        config.WorkingDir,
        expandWord(instruction.value, variables, words.escapeChar),
      );
      return;
    case 'arg':
    case 'run':
    case 'copy':
    case 'add':
    case 'maintainer':
      return;
    default:
      describe(config, instruction, { ...words, variables });
  }
}
