/**
 * The engine's log stream (timestamps asked for) → one JSON line an entry: {"stream","time","text"}. A framed stream
 * (no terminal) carries an entry a frame; a raw one is cut at line feeds.
 */
import { createFrameReader } from './frames.ts';

export function createLogReader(tty: boolean): (chunk: Buffer) => string {
  return tty ? readRaw() : readFramed();
}

function readFramed(): (chunk: Buffer) => string {
  const read = createFrameReader();
  return (chunk) =>
    read(chunk)
      .map(({ stream, data }) => toLine(stream, data.toString()))
      .join('');
}

function readRaw(): (chunk: Buffer) => string {
  const decoder = new TextDecoder();
  let rest = '';
  return (chunk) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    return lines.map((line) => toLine('stdout', line)).join('');
  };
}

function toLine(stream: string, entry: string): string {
  const at = entry.indexOf(' ');
  const time = at > 0 ? entry.slice(0, at) : '';
  const text = (at > 0 ? entry.slice(at + 1) : entry).replace(/\r?\n$|\r$/, '');
  return `${JSON.stringify({ stream, time, text })}\n`;
}
