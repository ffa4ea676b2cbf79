/** What can be edited here: text that is UTF-8 to its last byte, so that saving it changes nothing but what was edited. */
export const textBytesMax = 1024 * 1024;

/** Null when it is no text. A byte order mark stays, as the character that it is. */
export function decodeText(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}

/** CRLF only when every line ends so: elsewhere a lone carriage return is a character like others, and is kept. */
export function lineSeparatorOf(text: string): '\n' | '\r\n' {
  return /\r\n/.test(text) && !/(?<!\r)\n|\r(?!\n)/.test(text) ? '\r\n' : '\n';
}
