/** Signal names as people write them: 9, KILL, SIGKILL, RTMIN+3. */
import { constants } from 'node:os';
import { EngineError } from '@berth/shared/errors';

const realTimeMin = 34;
const realTimeMax = 64;

/** @throws invalid-parameter */
export function signalNumber(text: string): number {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const named = (constants.signals as Record<string, number>)[`SIG${name}`];
  if (named !== undefined) return named;
  const realTime = /^RTM(IN\+|AX-)(\d{1,2})$/.exec(name);
  const offset = Number(realTime?.[2] ?? 0);
  const number =
    realTime === null
      ? /^\d{1,2}$/.test(name)
        ? Number(name)
        : 0
      : realTime[1] === 'IN+'
        ? realTimeMin + offset
        : realTimeMax - offset;
  if (number < 1 || number > realTimeMax) throw new EngineError('invalid-parameter', `Invalid signal: ${text}`);
  return number;
}

export function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `SIG${number}`;
}
