/** What each instruction does to a stage. Its words are replaced here, where the variables are known. */
import { EngineError } from '@berth/shared/errors';
import { signalNumber } from '../containers/signals.ts';
import { commitConfig } from './commit.ts';
import { copyStep, workdirStep } from './files.ts';
import { duration, plainList, quoted, quotedList } from './go-format.ts';
import type { HealthCheck } from './health-check.ts';
import type { CommandLine, Copy, Instruction } from './instructions.ts';
import type { Job, StageState } from './job.ts';
import { say } from './output.ts';
import { runStep } from './run.ts';
import { type RunConfig, setVariable, shellOf } from './run-config.ts';
import { type Escape, expandText, expandWord, expandWords, type Variables } from './words.ts';

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
    case 'env': {
      const pairs = instruction.pairs.map(([name, value]) => [expand(name), expand(value)] as const);
      for (const [name, value] of pairs) setVariable(config.Env, name, value);
      return done(`ENV ${pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`);
    }
    case 'label': {
      const word = instruction.asGiven ? (text: string) => text : expand;
      const pairs = instruction.pairs.map(([name, value]) => [word(name), word(value)] as const);
      config.Labels = { ...config.Labels, ...Object.fromEntries(pairs) };
      return done(`LABEL ${pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`);
    }
    case 'arg': {
      const args = instruction.args.map(
        ([name, value]) => [expand(name), value === null ? null : expand(value)] as const,
      );
      for (const [name, value] of args) job.args.declare(name, value);
      return done(`ARG ${args.map(([name, value]) => (value === null ? name : `${name}=${value}`)).join(' ')}`);
    }
    case 'cmd':
      config.Cmd = inShell(instruction.command, config);
      done(`CMD ${quotedList(config.Cmd)}`);
      if (instruction.command.words.length > 0) stage.isCmdSet = true;
      return;
    case 'entrypoint':
      config.Entrypoint = inShell(instruction.command, config);
      // The base's command belonged to the base's entrypoint.
      if (!stage.isCmdSet) config.Cmd = null;
      return done(`ENTRYPOINT ${quotedList(config.Entrypoint)}`);
    case 'shell':
      config.Shell = instruction.words;
      return done(`SHELL ${plainList(instruction.words)}`);
    case 'healthcheck':
      noteOverride(job, config);
      config.Healthcheck = instruction.check;
      return done(`HEALTHCHECK ${goHealthCheck(instruction.check)}`);
    case 'onbuild':
      config.OnBuild = [...config.OnBuild, instruction.trigger];
      return done(`ONBUILD ${instruction.trigger}`);
    case 'expose': {
      const words = instruction.words.flatMap((word) => expandWords(word, variables, job.escapeChar));
      config.ExposedPorts = {
        ...config.ExposedPorts,
        ...Object.fromEntries(words.flatMap(ports).map((port) => [port, {}])),
      };
      return done(`EXPOSE ${words.join(' ')}`);
    }
    case 'volume': {
      const volumes = instruction.words.map(expand);
      if (volumes.includes(''))
        throw new EngineError('invalid-parameter', 'VOLUME specified can not be an empty string');
      config.Volumes = { ...config.Volumes, ...Object.fromEntries(volumes.map((volume) => [volume, {}])) };
      return done(`VOLUME ${plainList(volumes)}`);
    }
    case 'user':
      config.User = expand(instruction.value);
      return done(`USER ${config.User}`);
    case 'stopsignal':
      config.StopSignal = expand(instruction.value);
      signalNumber(config.StopSignal);
      return done(`STOPSIGNAL ${config.StopSignal}`);
    case 'maintainer':
      stage.author = instruction.value;
      return done(`MAINTAINER ${instruction.value}`);
  }
}

function variablesOf(job: Job, config: RunConfig): Variables {
  const environment = config.Env.map((entry): [string, string] => {
    const at = entry.indexOf('=');
    return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
  });
  return new Map([...job.args.besides(config.Env), ...environment]);
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

function inShell(command: CommandLine, config: RunConfig): string[] {
  return command.shell && command.words.length > 0 ? [...shellOf(config), ...command.words] : command.words;
}

function noteOverride(job: Job, config: RunConfig): void {
  const before = config.Healthcheck;
  if (typeof before !== 'object' || before === null || !('Test' in before) || !Array.isArray(before.Test)) return;
  const words = before.Test.map(String);
  if (words.length > 0 && words[0] !== 'NONE') {
    say(job.output, `Note: overriding previous HEALTHCHECK: ${plainList(words)}\n`);
  }
}

/** `%q` of Docker's structure. */
function goHealthCheck(check: HealthCheck): string {
  const times = [check.Interval, check.Timeout, check.StartPeriod, check.StartInterval];
  const retries = check.Retries ?? 0;
  const shown = times.map((time) => quoted(duration(time ?? 0))).join(' ');
  return `&{${quotedList(check.Test)} ${shown} '\\x${retries.toString(16).padStart(2, '0')}'}`;
}

/** `80`, `80/udp` or `8000-8010`. */
function ports(word: string): string[] {
  const [, first = '', last = first, protocol = 'tcp'] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word) ?? [];
  const [low, high] = [Number(first), Number(last)];
  if (first === '' || low > high || high > 65_535) {
    throw new EngineError('invalid-parameter', `Invalid containerPort: ${word}`);
  }
  return Array.from({ length: high - low + 1 }, (_, index) => `${low + index}/${protocol.toLowerCase()}`);
}
