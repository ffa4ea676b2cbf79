/** The exec form: a JSON list of strings. Pure. */
import { type Line, parseError } from './dockerfile.ts';

/** Null for what is no JSON list. @throws invalid-parameter for a list of other things */
export function jsonWords(line: Line, rest: string): string[] | null {
  if (!rest.trimStart().startsWith('[')) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(rest);
  } catch {
    return null;
  }
  if (!Array.isArray(parsed)) return null;
  const words = parsed.filter((word) => typeof word === 'string');
  if (words.length < parsed.length) {
    throw parseError(line.number, 'when using JSON array syntax, arrays must be comprised of strings only');
  }
  return words;
}
