/** A Dockerfile's stages. Pure. */
import { EngineError } from '@berth/shared/errors';
import { type Dockerfile, parseError } from './dockerfile.ts';
import { type From, type Instruction, parseFrom, parseInstruction } from './instructions.ts';

export interface Stage {
  from: From;
  instructions: Instruction[];
}

type Arg = Extract<Instruction, { kind: 'arg' }>;

export interface Plan {
  /** ARG before the first FROM. */
  args: Arg[];
  stages: Stage[];
}

const stagesMax = 256;

/** Up to stage `target`; all where it is ''. @throws invalid-parameter */
export function planStages(dockerfile: Dockerfile, target: string): Plan {
  const args: Arg[] = [];
  const stages: Stage[] = [];
  for (const line of dockerfile.lines) {
    if (line.name === 'FROM') {
      if (stages.length >= stagesMax) throw parseError(line.number, `there are more than ${stagesMax} stages`);
      const from = parseFrom(line, dockerfile.escapeChar);
      if (from.name !== '' && stages.some((stage) => stage.from.name === from.name)) {
        throw parseError(line.number, `duplicate name ${from.name}`);
      }
      stages.push({ from, instructions: [] });
      continue;
    }
    const instruction = parseInstruction(line, dockerfile.escapeChar);
    const stage = stages.at(-1);
    if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.kind === 'arg') args.push(instruction);
    else throw parseError(line.number, 'no build stage in current context');
  }
  if (stages.length === 0) throw new EngineError('invalid-parameter', 'the Dockerfile has no FROM');
  if (target === '') return { args, stages };
  const wanted = stages.findIndex(
    (stage, index) => stage.from.name === target.toLowerCase() || String(index) === target,
  );
  if (wanted < 0)
    throw new EngineError('invalid-parameter', `target stage ${JSON.stringify(target)} could not be found`);
  return { args, stages: stages.slice(0, wanted + 1) };
}
