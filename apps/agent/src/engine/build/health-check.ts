/** HEALTHCHECK, and Go's durations. Pure. */
import { type Line, parseError } from './dockerfile.ts';
import { readFlags } from './flags.ts';
import { jsonWords } from './json-words.ts';
import type { Escape } from './words.ts';

export interface HealthCheck {
  Test: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

const durations = [
  ['interval', 'Interval'],
  ['timeout', 'Timeout'],
  ['start-period', 'StartPeriod'],
  ['start-interval', 'StartInterval'],
] as const;

/** @throws invalid-parameter */
export function parseHealthCheck(line: Line, escapeChar: Escape): HealthCheck {
  const { flags, rest } = readFlags(line, [...durations.map(([name]) => name), 'retries'], escapeChar);
  const [, type = '', command = ''] = /^(\S*)\s*([\s\S]*)$/.exec(rest.trim()) ?? [];
  switch (type.toUpperCase()) {
    case '':
      throw parseError(line.number, 'HEALTHCHECK requires at least one argument');
    case 'NONE':
      if (command !== '') throw parseError(line.number, 'HEALTHCHECK NONE takes no arguments');
      return { Test: ['NONE'] };
    case 'CMD':
      break;
    default:
      throw parseError(line.number, `Unknown type ${JSON.stringify(type)} in HEALTHCHECK (try CMD)`);
  }
  if (command === '') throw parseError(line.number, 'Missing command after HEALTHCHECK CMD');
  const words = jsonWords(line, command);
  const check: HealthCheck = { Test: words === null ? ['CMD-SHELL', command] : ['CMD', ...words] };
  for (const [name, field] of durations) {
    const given = flags[name];
    if (given !== undefined) check[field] = nanoseconds(line, name, given);
  }
  const retries = flags.retries;
  if (retries !== undefined) {
    if (!/^\d{1,6}$/.test(retries)) throw parseError(line.number, `--retries must be at least 0 (not ${retries})`);
    check.Retries = Number(retries);
  }
  return check;
}

const units: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

function nanoseconds(line: Line, name: string, text: string): number {
  const isDuration = /^(?:0|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)$/.test(text);
  if (!isDuration) throw parseError(line.number, `time: invalid duration ${JSON.stringify(text)}`);
  let sum = 0;
  for (const [, value = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(value) * (units[unit] ?? 0);
  }
  if (sum !== 0 && (sum < 1e6 || sum > 2 ** 53)) {
    throw parseError(line.number, `Interval ${JSON.stringify(name)} cannot be less than 1ms`);
  }
  return Math.round(sum);
}
