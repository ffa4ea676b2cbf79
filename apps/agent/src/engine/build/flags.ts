/** `--name=value` between an instruction and its arguments. Pure. */
import { type Line, parseError } from './dockerfile.ts';
import { type Escape, expandWord, isBlank, splitWords } from './words.ts';

/** Of BuildKit's Dockerfiles, by instruction. */
const buildKitFlags: Record<string, string[]> = {
  ADD: ['link', 'checksum', 'keep-git-dir', 'exclude', 'unpack'],
  COPY: ['link', 'parents', 'exclude'],
  RUN: ['mount', 'network', 'security', 'device'],
};

export type Flags = Record<string, string>;

/** @returns what follows them. @throws invalid-parameter for one that is not `allowed` */
export function readFlags(line: Line, allowed: readonly string[], escapeChar: Escape): { flags: Flags; rest: string } {
  const flags: Flags = {};
  let rest = line.rest.trimStart();
  while (rest.startsWith('--')) {
    const end = wordEnd(rest, escapeChar);
    const word = expandQuotes(rest.slice(0, end), escapeChar);
    rest = rest.slice(end).trimStart();
    if (word === '--') break;
    const [, name = '', value = ''] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (!allowed.includes(name)) throw refusal(line, name);
    if (!word.includes('=')) throw parseError(line.number, `Missing a value on flag: ${name}`);
    if (Object.hasOwn(flags, name)) throw parseError(line.number, `Duplicate flag specified: ${name}`);
    flags[name] = value;
  }
  return { flags, rest };
}

function refusal(line: Line, name: string) {
  return parseError(
    line.number,
    buildKitFlags[line.name]?.includes(name) === true
      ? `the --${name} option of ${line.name} requires BuildKit, which this engine does not have`
      : `Unknown flag: ${name}`,
  );
}

/** Where the first word ends, quotes and escapes minded. */
function wordEnd(text: string, escapeChar: Escape): number {
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === escapeChar && quote !== "'") at++;
    else if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (isBlank(char)) return at;
  }
  return text.length;
}

/** Takes the quotes off and leaves variables in: they are replaced when the instruction is done. */
function expandQuotes(word: string, escapeChar: Escape): string {
  if (splitWords(word, escapeChar).length !== 1 || !/["'\\`]/.test(word)) return word;
  return expandWord(word.replaceAll('$', `${escapeChar}$`), new Map(), escapeChar);
}
