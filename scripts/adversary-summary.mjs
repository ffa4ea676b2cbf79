// What the adversary's cases (packages/native/test/adversary/tally.ts) came to: a line a kernel and row letter.
import { existsSync, readFileSync } from 'node:fs';

/** @param {string} file of one outcome a line, from all processes and kernels */
export function adversarySummary(file) {
  if (!existsSync(file)) return [];
  const outcomes = readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const lines = [];
  for (const kernel of [...new Set(outcomes.map((one) => one.kernel))]) {
    const here = outcomes.filter((one) => one.kernel === kernel);
    lines.push(`adversary, Linux ${kernel}: ${figures(here)}`);
    for (const letter of [...new Set(here.map((one) => one.row[0]))].sort()) {
      const cases = here.filter((one) => one.row[0] === letter);
      const rows = [...new Set(cases.map((one) => one.row))].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
      lines.push(`  ${letter}: ${figures(cases)} (${rows.join(' ')})`);
    }
    for (const { row, outcome, lacks } of here.filter((one) => one.lacks.length > 0)) {
      const part = outcome === 'not applicable' ? 'not applicable' : 'in part not applicable';
      lines.push(`  ${row} ${part}: this kernel has no ${lacks.join(', ')}`);
    }
  }
  return lines;
}

function figures(cases) {
  const count = (outcome) => cases.filter((one) => one.outcome === outcome).length;
  return `${cases.length} tried, ${count('contained')} contained, ${count('not applicable')} not applicable, ${count('got out')} got out`;
}
