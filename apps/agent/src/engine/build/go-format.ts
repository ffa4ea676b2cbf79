/** Go's %q and %v, in which Docker's builder writes an image's history. Pure. */

const escapes: Record<string, string> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

export function quoted(text: string): string {
  const inside = text.replace(
    /["\\\p{C}]/gu,
    (char) => escapes[char] ?? `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`,
  );
  return `"${inside}"`;
}

/** `%q` of a list. */
export function quotedList(words: readonly string[]): string {
  return `[${words.map(quoted).join(' ')}]`;
}

/** `%v` of a list. */
export function plainList(words: readonly string[]): string {
  return `[${words.join(' ')}]`;
}

/** A duration in nanoseconds, as `1m30s`. */
export function duration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e9) return `${nanoseconds / 1e6}ms`;
  const seconds = nanoseconds / 1e9;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${hours > 0 ? `${hours}h` : ''}${seconds >= 60 ? `${minutes}m` : ''}${Number((seconds % 60).toFixed(9))}s`;
}
