/** Instructions that `docker commit --change` and `docker import --change` take: those of a Dockerfile that only describe. Pure. */
import path from 'node:path';
import { EngineError } from '@berth/shared/errors';
import type { ImageConfig } from './config.ts';

type Config = NonNullable<ImageConfig['config']>;
type Apply = (config: Config, rest: string, flags: Map<string, string>) => Config;

const invalid = (message: string) => new EngineError('invalid-parameter', message);

/** @throws invalid-parameter */
export function applyChanges(config: Config, changes: readonly string[]): Config {
  const instructions = changes.flatMap((text) => text.split(/(?<!\\)\n/)).filter((line) => line.trim() !== '');
  let isCommandSet = false;
  return instructions.reduce((current, line) => {
    const [, name = '', text = ''] = /^\s*(\S+)\s*(.*?)\s*$/s.exec(line.replace(/\\\n/g, '')) ?? [];
    const apply = instructionsByName.get(name.toUpperCase());
    if (apply === undefined) throw invalid(`${name} is not a valid change command`);
    const { flags, rest } = splitFlags(text);
    if (rest === '') throw invalid(`${name.toUpperCase()} requires at least one argument`);
    const changed = apply(current, rest, flags);
    isCommandSet ||= name.toUpperCase() === 'CMD';
    // The command of the image belonged to the entrypoint of the image.
    return name.toUpperCase() === 'ENTRYPOINT' && !isCommandSet ? { ...changed, Cmd: null } : changed;
  }, config);
}

const instructionsByName = new Map<string, Apply>([
  ['CMD', (config, rest) => ({ ...config, Cmd: command(config, rest) })],
  ['ENTRYPOINT', (config, rest) => ({ ...config, Entrypoint: command(config, rest) })],
  ['ENV', (config, rest) => ({ ...config, Env: setEnv(config.Env ?? [], pairs(config, rest, 'ENV')) })],
  [
    'LABEL',
    (config, rest) => ({
      ...config,
      Labels: { ...config.Labels, ...Object.fromEntries(pairs(config, rest, 'LABEL')) },
    }),
  ],
  [
    'EXPOSE',
    (config, rest) => ({
      ...config,
      ExposedPorts: {
        ...config.ExposedPorts,
        ...Object.fromEntries(
          words(config, rest)
            .flatMap(ports)
            .map((port) => [port, {}]),
        ),
      },
    }),
  ],
  [
    'VOLUME',
    (config, rest) => ({
      ...config,
      Volumes: {
        ...config.Volumes,
        ...Object.fromEntries((jsonWords(rest) ?? words(config, rest)).map((one) => [volume(one), {}])),
      },
    }),
  ],
  ['USER', (config, rest) => ({ ...config, User: one(config, rest, 'USER') })],
  [
    'WORKDIR',
    (config, rest) => ({
      ...config,
      WorkingDir: path.posix.resolve('/', config.WorkingDir ?? '', words(config, rest).join(' ')),
    }),
  ],
  ['STOPSIGNAL', (config, rest) => ({ ...config, StopSignal: one(config, rest, 'STOPSIGNAL') })],
  ['ONBUILD', (config, rest) => ({ ...config, OnBuild: [...(config.OnBuild ?? []), trigger(rest)] })],
  ['HEALTHCHECK', (config, rest, flags) => ({ ...config, Healthcheck: healthcheck(rest, flags) })],
]);

function command(config: Config, rest: string): string[] {
  return jsonWords(rest) ?? [...(config.Shell ?? ['/bin/sh', '-c']), rest];
}

/** `["a", "b"]`; null: it is not such a list. */
function jsonWords(text: string): string[] | null {
  if (!text.startsWith('[')) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every((word) => typeof word === 'string') ? parsed : null;
  } catch {
    return null;
  }
}

function splitFlags(text: string): { flags: Map<string, string>; rest: string } {
  const flags = new Map<string, string>();
  let rest = text;
  for (
    let found = /^--([a-z-]+)(?:=(\S*))?\s+/.exec(rest);
    found !== null;
    found = /^--([a-z-]+)(?:=(\S*))?\s+/.exec(rest)
  ) {
    flags.set(found[1] ?? '', found[2] ?? '');
    rest = rest.slice(found[0].length);
  }
  return { flags, rest };
}

/** `A=b C="d e"`, or the older `A b c`. */
function pairs(config: Config, rest: string, instruction: string): [string, string][] {
  const [first = '', ...others] = words(config, rest);
  if (!first.includes('=')) {
    if (others.length === 0) throw invalid(`${instruction} must have two arguments`);
    return [[first, expand(rest.slice(rest.indexOf(first) + first.length).trim(), config)]];
  }
  return [first, ...others].map((word) => {
    const at = word.indexOf('=');
    if (at < 1)
      throw invalid(`Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`);
    return [word.slice(0, at), word.slice(at + 1)];
  });
}

function setEnv(env: readonly string[], set: [string, string][]): string[] {
  const merged = new Map(env.map((entry) => [entry.split('=', 1)[0] ?? '', entry]));
  for (const [name, value] of set) merged.set(name, `${name}=${value}`);
  return [...merged.values()];
}

/** `80`, `80/udp`, `8000-8010/tcp`. */
function ports(text: string): string[] {
  const [, from = '', to, protocol = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to ?? from)];
  if (from === '' || first < 1 || last > 65_535 || last < first) throw invalid(`invalid containerPort: ${text}`);
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol.toLowerCase()}`);
}

function volume(text: string): string {
  if (text.trim() === '') throw invalid('VOLUME specified can not be an empty string');
  return text;
}

function one(config: Config, rest: string, instruction: string): string {
  const [only, ...others] = words(config, rest);
  if (only === undefined || others.length > 0) throw invalid(`${instruction} requires exactly one argument`);
  return only;
}

function trigger(rest: string): string {
  const name = rest.split(/\s/, 1)[0]?.toUpperCase() ?? '';
  if (name === 'ONBUILD') throw invalid("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (name === 'FROM' || name === 'MAINTAINER') throw invalid(`${name} isn't allowed as an ONBUILD trigger`);
  return rest;
}

function healthcheck(rest: string, flags: Map<string, string>): object {
  const [kind = '', ...others] = rest.split(/\s+/);
  if (kind.toUpperCase() === 'NONE') {
    if (others.length > 0) throw invalid('HEALTHCHECK NONE takes no arguments');
    return { Test: ['NONE'] };
  }
  const line = rest.slice(kind.length).trim();
  if (kind.toUpperCase() !== 'CMD' || line === '')
    throw invalid(`Unknown type ${JSON.stringify(kind)} in HEALTHCHECK (try CMD)`);
  const words = jsonWords(line);
  const names = {
    interval: 'Interval',
    timeout: 'Timeout',
    'start-period': 'StartPeriod',
    'start-interval': 'StartInterval',
  };
  const times = Object.entries(names).flatMap(([flag, field]) => {
    const given = flags.get(flag);
    return given === undefined ? [] : [[field, nanoseconds(flag, given)]];
  });
  const retries = flags.get('retries');
  if (retries !== undefined && !/^\d+$/.test(retries)) throw invalid(`--retries must be a number: ${retries}`);
  return {
    Test: words === null ? ['CMD-SHELL', line] : ['CMD', ...words],
    ...Object.fromEntries(times),
    ...(retries === undefined ? {} : { Retries: Number(retries) }),
  };
}

const unitNanos: Record<string, number> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

function nanoseconds(flag: string, text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text)
    throw invalid(`invalid duration of --${flag}: ${JSON.stringify(text)}`);
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * (unitNanos[unit ?? ''] ?? 0), 0);
}

/** Words with quotes, escapes and variables of the config. */
function words(config: Config, text: string): string[] {
  const found = text.match(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs) ?? [];
  return found.map((word) => expand(word, config));
}

function expand(text: string, { Env: env }: Config): string {
  const value = (name: string) =>
    (env ?? []).find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  const variables = (part: string) =>
    part.replace(/\\(.)|\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/gs, (_, escaped, plain, braced, sign, other) => {
      if (escaped !== undefined) return escaped;
      const actual = value(plain ?? braced);
      if (sign === '-') return actual === '' ? other : actual;
      return sign === '+' ? (actual === '' ? '' : other) : actual;
    });
  return text.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|((?:[^"'\\]|\\.)+)/gs,
    (_, single, double, plain) => single ?? variables(double ?? plain),
  );
}
