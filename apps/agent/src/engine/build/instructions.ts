/** What the lines of a Dockerfile say: a closed set of instructions. Variables are still in them. Pure. */
import { EngineError } from '@berth/shared/errors';
import { type Heredoc, type Line, parseError } from './dockerfile.ts';
import { readFlags } from './flags.ts';
import { type HealthCheck, parseHealthCheck } from './health-check.ts';
import { jsonWords } from './json-words.ts';
import { type Escape, splitWords } from './words.ts';

export type Pair = [name: string, value: string];

/** `shell`: text for the stage's shell, or a program and its arguments. */
export interface CommandLine {
  shell: boolean;
  words: string[];
}

export interface Copy {
  kind: 'copy' | 'add';
  sources: string[];
  destination: string;
  from: string;
  chown: string;
  chmod: string;
  heredocs: Heredoc[];
}

/** What only describes an image's containers (describe.ts). */
export type Description =
  | { kind: 'env'; pairs: Pair[] }
  /** `asGiven`: by the request, so that nothing in it is replaced. */
  | { kind: 'label'; pairs: Pair[]; asGiven: boolean }
  | { kind: 'cmd' | 'entrypoint'; command: CommandLine }
  | { kind: 'shell'; words: string[] }
  | { kind: 'healthcheck'; check: HealthCheck }
  | { kind: 'onbuild'; trigger: string }
  | { kind: 'expose' | 'volume'; words: string[] }
  | { kind: 'user' | 'stopsignal'; value: string };

export type Command =
  | Description
  | { kind: 'arg'; args: [name: string, value: string | null][] }
  | { kind: 'run'; command: CommandLine; heredocs: Heredoc[] }
  | { kind: 'workdir' | 'maintainer'; value: string }
  | Copy;

export type Instruction = Command & { line: number; original: string };

export interface From {
  base: string;
  name: string;
  platform: string;
  line: number;
  original: string;
}

type Parse = (line: Line, escapeChar: Escape) => Command;

const parsers: Record<string, Parse> = {
  ADD: (line, escapeChar) => parseCopy('add', line, escapeChar),
  ARG: (line, escapeChar) => ({ kind: 'arg', args: parseArgs(line, escapeChar) }),
  CMD: (line, escapeChar) => ({ kind: 'cmd', command: parseCommandLine(withoutFlags(line, escapeChar)) }),
  COPY: (line, escapeChar) => parseCopy('copy', line, escapeChar),
  ENTRYPOINT: (line, escapeChar) => ({ kind: 'entrypoint', command: parseCommandLine(withoutFlags(line, escapeChar)) }),
  ENV: (line, escapeChar) => ({ kind: 'env', pairs: parsePairs(line, escapeChar) }),
  EXPOSE: (line, escapeChar) => ({ kind: 'expose', words: needed(line, plainWords(withoutFlags(line, escapeChar))) }),
  HEALTHCHECK: (line, escapeChar) => ({ kind: 'healthcheck', check: parseHealthCheck(line, escapeChar) }),
  LABEL: (line, escapeChar) => ({ kind: 'label', pairs: parsePairs(line, escapeChar), asGiven: false }),
  MAINTAINER: (line, escapeChar) => ({ kind: 'maintainer', value: single(line, escapeChar) }),
  ONBUILD: parseOnBuild,
  RUN: parseRun,
  SHELL: (line, escapeChar) => ({ kind: 'shell', words: parseShell(line, escapeChar) }),
  STOPSIGNAL: (line, escapeChar) => ({ kind: 'stopsignal', value: single(line, escapeChar) }),
  USER: (line, escapeChar) => ({ kind: 'user', value: singleWord(line, escapeChar) }),
  VOLUME: (line, escapeChar) => ({ kind: 'volume', words: parseVolumes(line, escapeChar) }),
  WORKDIR: (line, escapeChar) => ({ kind: 'workdir', value: single(line, escapeChar) }),
};

/** All but FROM. @throws invalid-parameter */
export function parseInstruction(line: Line, escapeChar: Escape): Instruction {
  const parse = Object.hasOwn(parsers, line.name) ? parsers[line.name] : undefined;
  if (parse === undefined) throw parseError(line.number, `unknown instruction: ${line.name}`);
  return { ...parse(line, escapeChar), line: line.number, original: line.original };
}

/** @throws invalid-parameter */
export function parseFrom(line: Line, escapeChar: Escape): From {
  const { flags, rest } = readFlags(line, ['platform'], escapeChar);
  const [base = '', as = '', name = '', ...more] = plainWords(rest);
  if (base === '' || more.length > 0 || (as !== '' && (name === '' || as.toLowerCase() !== 'as'))) {
    throw parseError(line.number, 'FROM requires either one or three arguments');
  }
  const lowered = name.toLowerCase();
  if (name !== '' && !/^[a-z][a-z0-9-_.]*$/.test(lowered)) {
    throw parseError(
      line.number,
      `invalid name for build stage: ${JSON.stringify(name)}, name can't start with a number or contain symbols`,
    );
  }
  return { base, name: lowered, platform: flags.platform ?? '', line: line.number, original: line.original };
}

function withoutFlags(line: Line, escapeChar: Escape): Line {
  return { ...line, rest: readFlags(line, [], escapeChar).rest };
}

function plainWords(text: string | Line): string[] {
  const rest = typeof text === 'string' ? text : text.rest;
  return rest.split(/\s+/).filter((word) => word !== '');
}

function needed(line: Line, words: string[]): string[] {
  if (words.length === 0) throw parseError(line.number, `${line.name} requires at least one argument`);
  return words;
}

function single(line: Line, escapeChar: Escape): string {
  const rest = readFlags(line, [], escapeChar).rest.trim();
  if (rest === '') throw parseError(line.number, `${line.name} requires exactly one argument`);
  return rest;
}

/** Without a blank in it: no user has one, and a container of such a one could not start. */
function singleWord(line: Line, escapeChar: Escape): string {
  const word = single(line, escapeChar);
  if (/\s/.test(word)) throw parseError(line.number, `${line.name} requires exactly one argument`);
  return word;
}

function parseCommandLine(line: Line): CommandLine {
  const words = jsonWords(line, line.rest);
  if (words !== null) return { shell: false, words };
  const text = line.rest.trim();
  return { shell: true, words: text === '' ? [] : [text] };
}

/** `name=value …`, or the older `name value`. */
function parsePairs(line: Line, escapeChar: Escape): Pair[] {
  const { rest } = readFlags(line, [], escapeChar);
  const words = needed(line, splitWords(rest, escapeChar));
  if (!words[0]?.includes('=')) {
    const [, name = '', value = ''] = /^(\S+)\s+([\s\S]*\S)\s*$/.exec(rest.trim()) ?? [];
    if (name === '') throw parseError(line.number, `${line.name} must have two arguments`);
    return [[name, value]];
  }
  return words.map((word) => {
    const at = word.indexOf('=');
    if (at < 0) {
      throw parseError(
        line.number,
        `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`,
      );
    }
    if (at === 0) throw parseError(line.number, `${line.name} names can not be blank`);
    return [word.slice(0, at), word.slice(at + 1)];
  });
}

function parseArgs(line: Line, escapeChar: Escape): [string, string | null][] {
  const { rest } = readFlags(line, [], escapeChar);
  return needed(line, splitWords(rest, escapeChar)).map((word) => {
    const at = word.indexOf('=');
    if (at === 0) throw parseError(line.number, 'ARG names can not be blank');
    return at < 0 ? [word, null] : [word.slice(0, at), word.slice(at + 1)];
  });
}

function parseCopy(kind: Copy['kind'], line: Line, escapeChar: Escape): Copy {
  const { flags, rest } = readFlags(
    line,
    kind === 'copy' ? ['from', 'chown', 'chmod'] : ['chown', 'chmod'],
    escapeChar,
  );
  const words = jsonWords(line, rest) ?? plainWords(rest);
  if (words.length < 2) {
    const why = words.length === 1 ? ', but only one was provided. Destination could not be determined.' : '';
    throw parseError(line.number, `${line.name} requires at least two arguments${why}`);
  }
  const chmod = flags.chmod ?? '';
  if (chmod !== '' && !/^[0-7]{3,4}$/.test(chmod)) {
    throw parseError(
      line.number,
      `invalid chmod parameter: '${chmod}'. it should be octal string and between 0 and 07777`,
    );
  }
  const isHeredoc = (word: string) => /^\d*<<-?[^<]+$/.test(word);
  return {
    kind,
    sources: words.slice(0, -1).filter((word) => line.heredocs.length === 0 || !isHeredoc(word)),
    destination: words.at(-1) ?? '',
    from: flags.from ?? '',
    chown: flags.chown ?? '',
    chmod,
    heredocs: line.heredocs,
  };
}

function parseRun(line: Line, escapeChar: Escape): Command {
  const command = parseCommandLine(withoutFlags(line, escapeChar));
  if (command.words.length === 0) throw parseError(line.number, 'RUN requires at least one argument');
  return { kind: 'run', command, heredocs: line.heredocs };
}

function parseShell(line: Line, escapeChar: Escape): string[] {
  const words = jsonWords(line, readFlags(line, [], escapeChar).rest);
  if (words === null) throw parseError(line.number, 'SHELL requires the arguments to be in JSON form');
  return needed(line, words);
}

function parseVolumes(line: Line, escapeChar: Escape): string[] {
  const { rest } = readFlags(line, [], escapeChar);
  const words = needed(line, jsonWords(line, rest) ?? plainWords(rest));
  if (words.some((word) => word.trim() === '')) {
    throw parseError(line.number, 'VOLUME specified can not be an empty string');
  }
  return words;
}

/** The trigger is read when a child is built; what would never do is refused now. */
function parseOnBuild(line: Line, escapeChar: Escape): Command {
  const trigger = readFlags(line, [], escapeChar).rest.trim();
  const [name = ''] = trigger.split(/\s/, 1);
  if (name === '') throw parseError(line.number, 'ONBUILD requires at least one argument');
  if (name.toUpperCase() === 'ONBUILD') {
    throw parseError(line.number, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  }
  if (['FROM', 'MAINTAINER'].includes(name.toUpperCase())) {
    throw parseError(line.number, `${name.toUpperCase()} isn't allowed as an ONBUILD trigger`);
  }
  if (line.heredocs.length > 0) {
    throw new EngineError('not-implemented', 'here-documents in ONBUILD are not supported');
  }
  parseInstruction({ ...line, name: name.toUpperCase(), rest: trigger.slice(name.length).trim() }, escapeChar);
  return { kind: 'onbuild', trigger };
}
