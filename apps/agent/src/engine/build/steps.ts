/** What each instruction does to a stage. Its words are replaced here, where the variables are known. */
import { commitConfig } from './commit.ts';
import { describe, variablesIn } from './describe.ts';
import { copyStep, workdirStep } from './files.ts';
import { plainList } from './go-format.ts';
import type { Copy, Instruction } from './instructions.ts';
import type { Job, StageState } from './job.ts';
import { say } from './output.ts';
import { runStep } from './run.ts';
import type { RunConfig } from './run-config.ts';
import { type Escape, expandText, expandWord, type Variables } from './words.ts';

/** @throws invalid-parameter and whatever the step's work does */
export async function perform(job: Job, stage: StageState, instruction: Instruction): Promise<void> {
  const { config } = stage;
  const variables = variablesOf(job, config);
  const expand = (text: string) => expandWord(text, variables, job.escapeChar);
  const done = (comment: string) => commitConfig(job, stage, comment);
  switch (instruction.kind) {
    case 'run':
      return runStep(job, stage, instruction);
    case 'copy':
    case 'add':
      return copyStep(job, stage, expandedCopy(instruction, variables, job.escapeChar));
    case 'workdir':
      return workdirStep(job, stage, expand(instruction.value));
    case 'arg': {
      const args = instruction.args.map(
        ([name, value]) => [expand(name), value === null ? null : expand(value)] as const,
      );
      for (const [name, value] of args) job.args.declare(name, value);
      return done(`ARG ${args.map(([name, value]) => (value === null ? name : `${name}=${value}`)).join(' ')}`);
    }
    case 'maintainer':
      stage.author = instruction.value;
      return done(`MAINTAINER ${instruction.value}`);
    default: {
      if (instruction.kind === 'healthcheck') noteOverride(job, config);
      done(describe(config, instruction, { variables, escapeChar: job.escapeChar, isCmdSet: stage.isCmdSet }));
      if (instruction.kind === 'cmd' && instruction.command.words.length > 0) stage.isCmdSet = true;
    }
  }
}

function variablesOf(job: Job, config: RunConfig): Variables {
  return new Map([...job.args.besides(config.Env), ...variablesIn(config.Env)]);
}

function expandedCopy(copy: Copy, variables: Variables, escapeChar: Escape): Copy {
  const expand = (text: string) => expandWord(text, variables, escapeChar);
  return {
    ...copy,
    sources: copy.sources.map(expand),
    destination: expand(copy.destination),
    chown: expand(copy.chown),
    heredocs: copy.heredocs.map((one) =>
      one.expands ? { ...one, content: expandText(one.content, variables, escapeChar) } : one,
    ),
  };
}

function noteOverride(job: Job, config: RunConfig): void {
  const before = config.Healthcheck;
  if (typeof before !== 'object' || before === null || !('Test' in before) || !Array.isArray(before.Test)) return;
  const words = before.Test.map(String);
  if (words.length > 0 && words[0] !== 'NONE') {
    say(job.output, `Note: overriding previous HEALTHCHECK: ${plainList(words)}\n`);
  }
}
