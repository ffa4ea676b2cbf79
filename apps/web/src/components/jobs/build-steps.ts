/** The classic builder's log, cut at its step markers. */
export interface BuildStep {
  /** 0 for what comes before the first step. */
  number: number;
  total: number;
  instruction: string;
  isCached: boolean;
  lines: string[];
}

export function buildSteps(lines: readonly string[]): BuildStep[] {
  const steps: BuildStep[] = [];
  for (const line of lines) {
    const marker = /^Step (\d+)\/(\d+) : (.*)$/.exec(line);
    if (marker) {
      const [, number, total, instruction = ''] = marker;
      steps.push({ number: Number(number), total: Number(total), instruction, isCached: false, lines: [] });
      continue;
    }
    let last = steps.at(-1);
    if (!last) steps.push((last = { number: 0, total: 0, instruction: '', isCached: false, lines: [] }));
    if (/^ ---> Using cache$/.test(line)) last.isCached = true;
    else if (line.trim() !== '') last.lines.push(line);
  }
  return steps;
}
