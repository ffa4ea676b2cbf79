/**
 * Names of files, link targets and messages with them are a container's own words. Characters that are not seen, or that
 * move others (control characters, direction marks, zero-width ones, lone surrogates, odd spaces), are shown as what
 * they are instead of being let at the page's layout.
 */
export interface TextPart {
  text: string;
  /** It stands for a character that cannot be shown. */
  isMark: boolean;
}

const unseen = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}|^ +| +$/gu;
const named: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0', '\u001b': '\\e' };

export function visibleParts(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(unseen)) {
    if (index > from) parts.push({ text: text.slice(from, index), isMark: false });
    parts.push({ text: mark(found), isMark: true });
    from = index + found.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), isMark: false });
  return parts;
}

/** For titles, labels that are read out, and toasts, which hold text alone. */
export function visibleText(text: string): string {
  return visibleParts(text)
    .map((part) => part.text)
    .join('');
}

function mark(found: string): string {
  if (found.startsWith(' ')) return '␠'.repeat(found.length);
  return named[found] ?? `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
