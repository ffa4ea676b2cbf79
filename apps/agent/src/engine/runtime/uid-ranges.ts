/** Which ids of the host a container's user namespace is made of: ranges that nobody else has. Pure, but for one reader. */
import { readFileSync } from 'node:fs';
import { EngineError } from '@berth/shared/errors';

export const idsPerContainer = 65_536;
/** The first range starts well above the ids that people and distributions give out. */
const firstHostId = 1_073_741_824;
/** The last id of all means "none". */
const slotsMax = Math.floor((2 ** 32 - 1 - firstHostId) / idsPerContainer);

export interface IdRange {
  start: number;
  count: number;
}

/** Reserved by systemd for files of foreign machines. */
const foreignIds: IdRange = { start: 0x7ffe_0000, count: 0x1_0000 };

export const uidBase = (slot: number) => firstHostId + slot * idsPerContainer;

/** Of the user namespace that a container is in, its own or another's; null: the host's. */
export const slotOf = ({ uidSlot, joinedUidSlot }: { uidSlot: number | null; joinedUidSlot?: number | null }) =>
  uidSlot ?? joinedUidSlot ?? null;

/** The lowest that is free. @throws unavailable */
export function freeSlot(taken: ReadonlySet<number>, avoided: readonly IdRange[]): number {
  const others = [foreignIds, ...avoided];
  for (let slot = 0; slot < slotsMax; slot++) {
    if (!taken.has(slot) && !others.some((range) => overlaps(slot, range))) return slot;
  }
  throw new EngineError(
    'unavailable',
    `all ${slotsMax} ranges of user ids are given out: remove containers, or use --userns host`,
  );
}

function overlaps(slot: number, { start, count }: IdRange): boolean {
  const base = uidBase(slot);
  return start < base + idsPerContainer && start + count > base;
}

/** Rows of /etc/subuid and /etc/subgid: `name:start:count`. */
export function parseSubordinateIds(text: string): IdRange[] {
  return text
    .split('\n')
    .map((line) => /^[^:#]+:(\d{1,10}):(\d{1,10})$/.exec(line.trim()))
    .filter((found) => found !== null)
    .map(([, start, count]) => ({ start: Number(start), count: Number(count) }));
}

/** What the host has given to its own users for their containers. */
export function subordinateIds(): IdRange[] {
  return ['/etc/subuid', '/etc/subgid'].flatMap((file) => {
    try {
      return parseSubordinateIds(readFileSync(file, 'utf8'));
    } catch {
      return []; // there is none
    }
  });
}
