/** Pairs of SELinux categories: who has one holds it alone, over restarts of the agent. */
import { randomInt } from 'node:crypto';
import { EngineError } from '@berth/shared/errors';
import type { Database } from '../database.ts';
import { reservedLevel } from './selinux.ts';

export const mcsSchema = 'CREATE TABLE IF NOT EXISTS mcs_pairs (level TEXT PRIMARY KEY) WITHOUT ROWID;';

const categories = 1024;
const pairs = (categories * (categories - 1)) / 2;
const guessesMax = 1000;

export type McsPairs = ReturnType<typeof createMcsPairs>;

export function createMcsPairs(db: Database) {
  const insert = db.prepare('INSERT OR IGNORE INTO mcs_pairs (level) VALUES (?)');
  const erase = db.prepare('DELETE FROM mcs_pairs WHERE level = ?');
  const levels = db.prepare<[], { level: string }>('SELECT level FROM mcs_pairs');
  const take = (level: string) => level !== reservedLevel && insert.run(level).changes > 0;

  return {
    /** At random, so that other engines of this host hardly ever choose the same. @throws conflict when all are taken */
    reserve(): string {
      for (let guesses = 0; guesses < guessesMax; guesses++) {
        const level = pairAt(randomInt(pairs));
        if (take(level)) return level;
      }
      const taken = new Set(levels.all().map(({ level }) => level));
      for (let index = 0; index < pairs; index++) {
        const level = pairAt(index);
        if (!taken.has(level) && take(level)) return level;
      }
      throw new EngineError('conflict', 'all pairs of SELinux categories are taken: remove containers');
    },
    /** A level that was asked for, so that nobody gets it by chance. */
    hold: (level: string) => insert.run(level),
    release: (level: string) => erase.run(level),
    /** After a crash between the reservation and the container. */
    keepOnly(used: ReadonlySet<string>): void {
      for (const { level } of levels.all()) if (!used.has(level)) erase.run(level);
    },
  };
}

/** The pairs in the order c0,c1 c0,c2 c1,c2 c0,c3 …: the larger category is the triangular root of the index. */
function pairAt(index: number): string {
  const high = Math.floor((1 + Math.sqrt(1 + 8 * index)) / 2);
  const low = index - (high * (high - 1)) / 2;
  return `s0:c${low},c${high}`;
}
