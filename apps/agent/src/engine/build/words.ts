/**
 * Words of a Dockerfile: quotes, escapes and `$name`, `${name:-word}`, `${name:+word}`, as BuildKit's shell lexer reads
 * them. It is no shell: no commands, no patterns. What a variable says is never read again.
 */
import { EngineError } from '@berth/shared/errors';

export type Escape = '\\' | '`';
export type Variables = ReadonlyMap<string, string>;

/** Variables in variables grow by their product: this ends them. */
const wordBytesMax = 131_072;
const nestingMax = 32;

const bad = (message: string) => new EngineError('invalid-parameter', message);

/** One word, whatever blanks are in it. @throws invalid-parameter */
export function expandWord(text: string, variables: Variables, escapeChar: Escape): string {
  return new Lexer(text, variables, escapeChar).read().word;
}

/** As many words as blanks outside of quotes make, those of variables as well. @throws invalid-parameter */
export function expandWords(text: string, variables: Variables, escapeChar: Escape): string[] {
  return new Lexer(text, variables, escapeChar).read().words;
}

/** Text in which quotes stand for themselves. @throws invalid-parameter */
export function expandText(text: string, variables: Variables, escapeChar: Escape): string {
  return new Lexer(text, variables, escapeChar, false).read().word;
}

/** Cut at blanks outside of quotes; quotes and escapes stay. */
export function splitWords(text: string, escapeChar: Escape): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    let piece = text.charAt(at);
    if (quote === '' && isBlank(piece)) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    if (piece === escapeChar && quote !== "'") {
      if (at + 1 === text.length) break;
      piece += text.charAt(++at);
    } else if (quote === '' && (piece === '"' || piece === "'")) quote = piece;
    else if (piece === quote) quote = '';
    word = (word ?? '') + piece;
  }
  if (word !== null) words.push(word);
  return words;
}

export function isBlank(char: string): boolean {
  return /^\s$/.test(char);
}

const variableName = /\d+|[@*#?$!-]|[\p{L}_][\p{L}\p{Nd}_]*/uy;

class Lexer {
  readonly #text: string;
  readonly #variables: Variables;
  readonly #escapeChar: Escape;
  readonly #hasQuotes: boolean;
  #at = 0;
  #depth = 0;

  constructor(text: string, variables: Variables, escapeChar: Escape, hasQuotes = true) {
    this.#text = text;
    this.#variables = variables;
    this.#escapeChar = escapeChar;
    this.#hasQuotes = hasQuotes;
  }

  read(): { word: string; words: string[] } {
    return this.#until('');
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #next(): string {
    return this.#text.charAt(this.#at++);
  }

  /** To the end, or over `stop`. */
  #until(stop: string): { word: string; words: string[] } {
    if (++this.#depth > nestingMax) throw bad('substitutions are nested too deeply');
    const parts = new Parts();
    while (this.#at < this.#text.length) {
      const char = this.#peek();
      if (stop !== '' && char === stop) {
        this.#at++;
        this.#depth--;
        return parts.end();
      }
      if (char === "'" && this.#hasQuotes) parts.addWhole(this.#singleQuoted());
      else if (char === '"' && this.#hasQuotes) parts.addWhole(this.#doubleQuoted());
      else if (char === '$') parts.add(this.#variable());
      else if (char === this.#escapeChar) {
        this.#at++;
        if (this.#at < this.#text.length) parts.addWhole(this.#next());
      } else parts.add(this.#next());
    }
    if (stop !== '') throw bad(`syntax error: missing '${stop}'`);
    this.#depth--;
    return parts.end();
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw bad('unexpected end of statement while looking for matching single-quote');
    const inside = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inside;
  }

  #doubleQuoted(): string {
    this.#at++;
    let inside = '';
    while (this.#at < this.#text.length) {
      const char = this.#peek();
      if (char === '"') {
        this.#at++;
        return inside;
      }
      if (char === '$') {
        inside += this.#variable();
        continue;
      }
      this.#at++;
      // Of an escape nothing is left before these; before others it stands for itself.
      const isEscaping = char === this.#escapeChar && ['"', '$', this.#escapeChar].includes(this.#peek());
      inside += isEscaping ? this.#next() : char;
    }
    throw bad('unexpected end of statement while looking for matching double-quote');
  }

  #variable(): string {
    this.#at++;
    if (this.#peek() !== '{') {
      const name = this.#name();
      return name === '' ? '$' : (this.#variables.get(name) ?? '');
    }
    this.#at++;
    if (['{', '}', ':'].includes(this.#peek())) throw bad('syntax error: bad substitution');
    const name = this.#name();
    let modifier = this.#next();
    if (modifier === '}') return this.#variables.get(name) ?? '';
    const nullIsUnset = modifier === ':';
    if (nullIsUnset) modifier = this.#next();
    if (modifier === '') throw bad("syntax error: missing '}'");
    if (!['-', '+', '?'].includes(modifier)) throw bad(`unsupported modifier (${modifier}) in substitution`);
    const { word } = this.#until('}');
    const value = this.#variables.get(name);
    const isSet = value !== undefined && !(nullIsUnset && value === '');
    if (modifier === '+') return isSet ? word : '';
    if (isSet) return value;
    if (modifier === '?') throw bad(`${name}: ${word === '' ? 'not allowed to be unset' : word}`);
    return word;
  }

  #name(): string {
    variableName.lastIndex = this.#at;
    const [name = ''] = variableName.exec(this.#text) ?? [];
    this.#at += name.length;
    return name;
  }
}

/** The word so far, and the words that blanks make of it. */
class Parts {
  #word = '';
  #words: string[] = [];
  #open: string | null = null;

  add(text: string): void {
    this.#grow(text);
    for (const char of text) {
      if (!isBlank(char)) this.#open = (this.#open ?? '') + char;
      else this.#close();
    }
  }

  addWhole(text: string): void {
    this.#grow(text);
    this.#open = (this.#open ?? '') + text;
  }

  end(): { word: string; words: string[] } {
    this.#close();
    return { word: this.#word, words: this.#words };
  }

  #grow(text: string): void {
    this.#word += text;
    if (this.#word.length > wordBytesMax) throw bad(`a value is larger than ${wordBytesMax} characters`);
  }

  #close(): void {
    if (this.#open !== null && this.#open !== '') this.#words.push(this.#open);
    this.#open = null;
  }
}
