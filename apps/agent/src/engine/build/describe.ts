/** What the instructions that only describe say of an image's containers. Words are replaced here. Pure. */
import { EngineError } from '@berth/shared/errors';
import { signalNumber } from '../containers/signals.ts';
import { duration, plainList, quoted, quotedList } from './go-format.ts';
import type { HealthCheck } from './health-check.ts';
import type { CommandLine, Description } from './instructions.ts';
import { type RunConfig, setVariable, shellOf } from './run-config.ts';
import { type Escape, expandWord, expandWords, type Variables } from './words.ts';

/** `isCmdSet`: by an instruction before this one. */
export interface Words {
  variables: Variables;
  escapeChar: Escape;
  isCmdSet: boolean;
}

/** Changes `config`. @returns the line of the history. @throws invalid-parameter */
export function describe(config: RunConfig, instruction: Description, words: Words): string {
  const { variables, escapeChar } = words;
  const expand = (text: string) => expandWord(text, variables, escapeChar);
  switch (instruction.kind) {
    case 'env': {
      const pairs = instruction.pairs.map(([name, value]) => [expand(name), expand(value)] as const);
      for (const [name, value] of pairs) setVariable(config.Env, name, value);
      return `ENV ${pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`;
    }
    case 'label': {
      const word = instruction.asGiven ? (text: string) => text : expand;
      const pairs = instruction.pairs.map(([name, value]) => [word(name), word(value)] as const);
      config.Labels = { ...config.Labels, ...Object.fromEntries(pairs) };
      return `LABEL ${pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`;
    }
    case 'cmd':
      config.Cmd = inShell(instruction.command, config);
      return `CMD ${quotedList(config.Cmd)}`;
    case 'entrypoint':
      config.Entrypoint = inShell(instruction.command, config);
      // The base's command belonged to the base's entrypoint.
      if (!words.isCmdSet) config.Cmd = null;
      return `ENTRYPOINT ${quotedList(config.Entrypoint)}`;
    case 'shell':
      config.Shell = instruction.words;
      return `SHELL ${plainList(instruction.words)}`;
    case 'healthcheck':
      config.Healthcheck = instruction.check;
      return `HEALTHCHECK ${goHealthCheck(instruction.check)}`;
    case 'onbuild':
      config.OnBuild = [...config.OnBuild, instruction.trigger];
      return `ONBUILD ${instruction.trigger}`;
    case 'expose': {
      const all = instruction.words.flatMap((word) => expandWords(word, variables, escapeChar));
      config.ExposedPorts = {
        ...config.ExposedPorts,
        ...Object.fromEntries(all.flatMap(ports).map((port) => [port, {}])),
      };
      return `EXPOSE ${all.join(' ')}`;
    }
    case 'volume': {
      const volumes = instruction.words.map(expand);
      if (volumes.includes(''))
        throw new EngineError('invalid-parameter', 'VOLUME specified can not be an empty string');
      config.Volumes = { ...config.Volumes, ...Object.fromEntries(volumes.map((volume) => [volume, {}])) };
      return `VOLUME ${plainList(volumes)}`;
    }
    case 'user':
      config.User = expand(instruction.value);
      return `USER ${config.User}`;
    case 'stopsignal':
      config.StopSignal = expand(instruction.value);
      signalNumber(config.StopSignal);
      return `STOPSIGNAL ${config.StopSignal}`;
  }
}

/** Of a `NAME=value` list. */
export function variablesIn(env: readonly string[]): [name: string, value: string][] {
  return env.map((entry) => {
    const at = entry.indexOf('=');
    return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
  });
}

function inShell(command: CommandLine, config: RunConfig): string[] {
  return command.shell && command.words.length > 0 ? [...shellOf(config), ...command.words] : command.words;
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
