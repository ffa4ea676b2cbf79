/** Patterns of names: Go's filepath.Match, for COPY, ADD and filters, and those of .dockerignore. Pure. */
import { EngineError } from '@berth/shared/errors';

type Token =
  /** `*`: any but a slash, `**`: any at all, each any number of times. */
  | { kind: 'many'; crosses: boolean }
  /** `**` and a slash: nothing, or directories. */
  | { kind: 'directories' }
  | { kind: 'one'; fits: (char: string) => boolean };

const patternMax = 4096;

export function hasWildcard(pattern: string): boolean {
  return /^(?:[^\\*?[]|\\.)*[*?[]/s.test(pattern);
}

/** Of one name or path; `*` does not take a slash. @throws invalid-parameter */
export function goMatch(pattern: string): (name: string) => boolean {
  const tokens = tokenize(pattern, false);
  return (name) => matches(tokens, name);
}

/** What the lines of a .dockerignore leave out of a context: a path, or anything below one. @throws invalid-parameter */
export function ignored(text: string): (path: string) => boolean {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#') && line.trim() !== '')
    .map((line) => {
      const isException = line.trim().startsWith('!');
      const pattern = clean(line.trim().replace(/^!/, '').trim());
      return { isException, tokens: tokenize(pattern, true), pattern };
    })
    .filter(({ pattern }) => pattern !== '.' && pattern !== '');
  return (path) => {
    let isOut = false;
    for (const { isException, tokens } of rules) {
      if (isException === isOut && matches(tokens, path, true)) isOut = !isException;
    }
    return isOut;
  };
}

/** Go's filepath.Clean, and no slash first. */
function clean(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

function tokenize(pattern: string, globstar: boolean): Token[] {
  if (pattern.length > patternMax) throw bad(pattern.slice(0, 64));
  const tokens: Token[] = [];
  const literal = (char: string) => tokens.push({ kind: 'one', fits: (other) => other === char });
  const chars = [...pattern];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? '';
    if (char === '*' && globstar && chars[at + 1] === '*') {
      at++;
      if (chars[at + 1] === '/') {
        at++;
        tokens.push({ kind: 'directories' });
      } else tokens.push({ kind: 'many', crosses: true });
    } else if (char === '*') tokens.push({ kind: 'many', crosses: false });
    else if (char === '?') tokens.push({ kind: 'one', fits: (other) => other !== '/' });
    else if (char === '[') {
      const { fits, end } = characterClass(chars, at, pattern);
      tokens.push({ kind: 'one', fits });
      at = end;
    } else if (char === '\\') {
      if (++at === chars.length) throw bad(pattern);
      literal(chars[at] ?? '');
    } else literal(char);
  }
  return tokens;
}

function characterClass(chars: string[], start: number, pattern: string) {
  const ranges: [string, string][] = [];
  let at = start + 1;
  const isNegated = chars[at] === '^';
  if (isNegated) at++;
  const next = () => {
    if (chars[at] === '\\') at++;
    const char = chars[at++];
    if (char === undefined) throw bad(pattern);
    return char;
  };
  while (chars[at] !== ']' || ranges.length === 0) {
    if (chars[at] === undefined || chars[at] === '-' || chars[at] === ']') throw bad(pattern);
    const low = next();
    if (chars[at] !== '-') ranges.push([low, low]);
    else {
      at++;
      ranges.push([low, next()]);
    }
  }
  const fits = (char: string) => ranges.some(([low, high]) => low <= char && char <= high) !== isNegated;
  return { fits, end: at };
}

function bad(pattern: string): EngineError {
  return new EngineError('invalid-parameter', `syntax error in pattern ${JSON.stringify(pattern)}`);
}

/**
 * Whether a name fits; `orParent`: or a directory that it is in. All ways at once, so that no pattern takes more than its
 * length times the name's.
 */
function matches(tokens: readonly Token[], name: string, orParent = false): boolean {
  let states = new Uint8Array(tokens.length + 1);
  const enter = (set: Uint8Array, state: number) => {
    for (let at = state; set[at] !== 2; at++) {
      set[at] = 2;
      const token = tokens[at];
      if (token === undefined || token.kind === 'one') return;
    }
  };
  enter(states, 0);
  for (const char of name) {
    if (orParent && char === '/' && states[tokens.length] === 2) return true;
    const next = new Uint8Array(tokens.length + 1);
    for (const [state, token] of tokens.entries()) {
      if (states[state] === 0) continue;
      if (token.kind === 'one') {
        if (token.fits(char)) enter(next, state + 1);
      } else if (token.kind === 'many') {
        if (token.crosses || char !== '/') enter(next, state);
      } else if (char === '/') enter(next, state);
      // In the middle of a directory's name nothing after it begins.
      else next[state] ||= 1;
    }
    states = next;
  }
  return states[tokens.length] === 2;
}
