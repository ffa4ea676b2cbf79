export interface LogLine {
  id: number;
  stream: 'stdout' | 'stderr';
  time: string;
  text: string;
}

export const logLinesMax = 20_000;

/** Cuts a stream of text into JSON lines; what is not JSON yet waits for the rest. */
export function createLineReader(onLine: (value: unknown) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.trim()) continue;
      try {
        onLine(JSON.parse(line));
      } catch {
        onLine({ stream: 'stdout', time: '', text: line });
      }
    }
  };
}

/** The newest lines stay; dropping from the front is done in one cut, not line by line. */
export function appendLines(kept: readonly LogLine[], incoming: readonly LogLine[], max = logLinesMax): LogLine[] {
  const all = [...kept, ...incoming];
  return all.length > max ? all.slice(all.length - max) : all;
}

export interface LogFilter {
  search: string;
  stream: 'all' | 'stdout' | 'stderr';
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what begins the sequences to drop.
const escapes = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

export function plainText(text: string): string {
  return text.replace(escapes, '');
}

export function filterLines(lines: readonly LogLine[], { search, stream }: LogFilter): LogLine[] {
  const wanted = search.toLowerCase();
  return lines.filter((line) => {
    if (stream !== 'all' && line.stream !== stream) return false;
    return wanted === '' || plainText(line.text).toLowerCase().includes(wanted);
  });
}
