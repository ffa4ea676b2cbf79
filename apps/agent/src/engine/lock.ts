/** One process works with a data directory at a time. The kernel lets go of the lock when its owner ends, however it ends. */
import path from 'node:path';
import { EngineError } from '@berth/shared/errors';
import Sqlite from 'better-sqlite3';

const waitMs = 5000;

/** Held until this process ends; one that is just ending is waited for. @throws conflict when another has it */
export function lockDataDir(dataDir: string): { release(): void } {
  const lock = new Sqlite(path.join(dataDir, 'lock.db'), { timeout: waitMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new EngineError('conflict', `an agent is at work in ${dataDir}: stop it first`, { cause });
  }
  return { release: () => void lock.close() };
}
