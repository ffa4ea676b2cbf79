/** Times in queries: Unix seconds with a fraction, or RFC 3339. Pure. */
import { EngineError } from '@berth/shared/errors';

/** @returns Unix seconds; null when nothing was asked. @throws invalid-parameter */
export function parseTimestamp(text: string | null): number | null {
  if (text === null || text === '') return null;
  const seconds = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (!Number.isFinite(seconds)) throw new EngineError('invalid-parameter', `invalid time: ${JSON.stringify(text)}`);
  return seconds;
}
