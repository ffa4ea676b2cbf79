import Anser from 'anser';
import type { CSSProperties } from 'react';

/** ANSI colours as elements, never as HTML: what a program prints is not trusted. */
export function AnsiText({ text }: { text: string }) {
  if (!text.includes('\u001b')) return text;
  return Anser.ansiToJson(text, { json: true, remove_empty: true, use_classes: true }).map((part, index) => (
    // The parts of one line have no other identity and never move.
    <span key={index} style={styleOf(part)}>
      {part.content}
    </span>
  ));
}

function styleOf(part: ReturnType<typeof Anser.ansiToJson>[number]): CSSProperties {
  const has = (name: (typeof part.decorations)[number]) => part.decorations.includes(name);
  return {
    ...(part.fg && { color: colorOf(part.fg, part.fg_truecolor) }),
    ...(part.bg && { backgroundColor: colorOf(part.bg, part.bg_truecolor) }),
    ...(has('bold') && { fontWeight: 600 }),
    ...(has('dim') && { opacity: 0.7 }),
    ...(has('italic') && { fontStyle: 'italic' }),
    ...(has('underline') && { textDecoration: 'underline' }),
  };
}

/** The sixteen named colours, chosen to be readable on the log's dark ground, unlike the classic ones. */
const palette: Record<string, string> = {
  black: '#6b7585',
  red: '#ff8a84',
  green: '#6fd08c',
  yellow: '#e8c06a',
  blue: '#85a9ff',
  magenta: '#d49bf0',
  cyan: '#6cc7d6',
  white: '#d8dee6',
  'bright-black': '#8591a1',
  'bright-red': '#ffaaa5',
  'bright-green': '#92e0a9',
  'bright-yellow': '#f3d48e',
  'bright-blue': '#a9c2ff',
  'bright-magenta': '#e3bcf7',
  'bright-cyan': '#94dbe6',
  'bright-white': '#ffffff',
};

const cubeSteps = [0, 95, 135, 175, 215, 255];

/** `name` is `ansi-red`, `ansi-palette-208` or `ansi-truecolor`. */
function colorOf(name: string, trueColor: string): string | undefined {
  if (name === 'ansi-truecolor') return `rgb(${trueColor})`;
  const index = Number(/^ansi-palette-(\d+)$/.exec(name)?.[1] ?? Number.NaN);
  if (Number.isNaN(index)) return palette[name.replace(/^ansi-/, '')];
  if (index >= 232)
    return `rgb(${Array(3)
      .fill(8 + (index - 232) * 10)
      .join()})`;
  const cube = index - 16;
  return `rgb(${[Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((step) => cubeSteps[step] ?? 0).join()})`;
}
