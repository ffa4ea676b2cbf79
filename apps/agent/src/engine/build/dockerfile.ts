/**
 * The lines of a Dockerfile: directives, comments, continuation lines and here-documents. What an instruction means is
 * read in instructions.ts. Pure.
 */
import { EngineError } from '@berth/shared/errors';
import { type Escape, expandWord, splitWords } from './words.ts';

export interface Heredoc {
  name: string;
  /** No quotes around its name: variables are replaced in it. */
  expands: boolean;
  content: string;
}

export interface Line {
  /** In capitals. */
  name: string;
  /** All after the name, continuation lines joined. */
  rest: string;
  /** As it is shown. */
  original: string;
  number: number;
  heredocs: Heredoc[];
}

export interface Dockerfile {
  escapeChar: Escape;
  lines: Line[];
  warnings: string[];
}

const linesMax = 10_000;
const heredocsMax = 64;
/** A frontend of BuildKit whose language is, but for its extensions, the one that is read here. */
const knownFrontend = /^(?:docker\.io\/)?docker\/dockerfile(?::(?:latest|1(?:\.\d+){0,2}))?(?:@sha256:[0-9a-f]{64})?$/;

export function parseError(line: number, message: string): EngineError {
  return new EngineError('invalid-parameter', `dockerfile parse error line ${line}: ${message}`);
}

/** @throws invalid-parameter */
export function parseDockerfile(text: string): Dockerfile {
  const source = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const { escapeChar, syntax } = directives(source);
  const warnings: string[] = [];
  if (syntax !== null) {
    if (!knownFrontend.test(syntax)) {
      throw parseError(1, `the frontend ${syntax} requires BuildKit, which this engine does not have`);
    }
    warnings.push(`[Warning] The directive "# syntax=${syntax}" is not followed: this is the classic builder.`);
  }
  const lines: Line[] = [];
  for (let at = 0; at < source.length; ) {
    const number = at + 1;
    const joined = join(source, at, escapeChar);
    at = joined.next;
    if (joined.text.trim() === '') continue;
    if (joined.hasEmpty) {
      warnings.push(`[WARNING]: Empty continuation line found in:\n    ${joined.text}`);
    }
    if (lines.length >= linesMax) throw parseError(number, `there are more than ${linesMax} instructions`);
    const [, name = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(joined.text.trim()) ?? [];
    const line: Line = { name: name.toUpperCase(), rest, original: joined.text.trim(), number, heredocs: [] };
    if (['RUN', 'COPY', 'ADD'].includes(line.name)) {
      for (const start of heredocStarts(rest, escapeChar, number)) at = readHeredoc(source, at, start, line);
    }
    lines.push(line);
  }
  if (lines.length === 0) throw new EngineError('invalid-parameter', 'file with no instructions');
  return { escapeChar, lines, warnings };
}

/** `# name=value` before all else; anything else ends them. */
function directives(source: readonly string[]): { escapeChar: Escape; syntax: string | null } {
  const found = new Map<string, string>();
  for (const [index, line] of source.entries()) {
    const [, name = '', value = ''] = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line) ?? [];
    const key = name.toLowerCase();
    if (!['escape', 'syntax', 'check'].includes(key)) break;
    if (found.has(key)) throw parseError(index + 1, `only one ${key} parser directive can be used`);
    found.set(key, value);
  }
  const escapeChar = found.get('escape') ?? '\\';
  if (escapeChar !== '\\' && escapeChar !== '`') {
    throw new EngineError('invalid-parameter', `invalid ESCAPE '${escapeChar}'. Must be \` or \\`);
  }
  return { escapeChar, syntax: found.get('syntax') ?? null };
}

const isComment = (line: string) => /^\s*#/.test(line);

/** The line at `at` with those that continue it. */
function join(
  source: readonly string[],
  at: number,
  escapeChar: Escape,
): { text: string; next: number; hasEmpty: boolean } {
  const first = source[at] ?? '';
  if (isComment(first)) return { text: '', next: at + 1, hasEmpty: false };
  let { text, continues } = cut(first.trimStart(), escapeChar);
  let next = at + 1;
  let hasEmpty = false;
  const parts = [text];
  for (; continues && next < source.length; next++) {
    const line = source[next] ?? '';
    if (isComment(line)) continue;
    if (line.trim() === '') {
      // What follows the last line of a file is no line.
      hasEmpty ||= next < source.length - 1;
      continue;
    }
    ({ text, continues } = cut(line, escapeChar));
    parts.push(text);
  }
  return { text: parts.join(''), next, hasEmpty };
}

function cut(line: string, escapeChar: Escape): { text: string; continues: boolean } {
  const trimmed = line.replace(/[ \t]+$/, '');
  const continues = trimmed.endsWith(escapeChar) && trimmed.at(-2) !== escapeChar;
  return continues ? { text: trimmed.slice(0, -1), continues } : { text: line, continues };
}

interface HeredocStart {
  name: string;
  expands: boolean;
  chomps: boolean;
}

function heredocStarts(rest: string, escapeChar: Escape, number: number): HeredocStart[] {
  // JSON has none.
  if (/^(--\S+\s+)*\[/.test(rest)) return [];
  const starts = splitWords(rest, escapeChar).flatMap((word) => {
    const [, chomp = '', raw = ''] = /^\d*<<(-?)([^<]+)$/.exec(word) ?? [];
    if (raw === '') return [];
    const name = expandWord(raw, new Map(), escapeChar);
    return /^[\w.-]+$/.test(name) ? [{ name, expands: name === raw, chomps: chomp === '-' }] : [];
  });
  if (starts.length > heredocsMax) throw parseError(number, `there are more than ${heredocsMax} here-documents`);
  return starts;
}

/** @returns the line after its end */
function readHeredoc(source: readonly string[], at: number, start: HeredocStart, line: Line): number {
  const content: string[] = [];
  for (let next = at; next < source.length; next++) {
    const text = start.chomps ? (source[next] ?? '').replace(/^\t+/, '') : (source[next] ?? '');
    if (text === start.name) {
      const { name, expands } = start;
      line.heredocs.push({ name, expands, content: content.map((one) => `${one}\n`).join('') });
      return next + 1;
    }
    content.push(text);
  }
  throw parseError(line.number, `unterminated heredoc ${start.name}`);
}
