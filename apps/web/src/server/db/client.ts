import { mkdirSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import * as schema from './schema.ts';

export type Db = BetterSQLite3Database<typeof schema> & { $client: Database.Database };

/** Opens the inventory, brings it to the newest migration, and leaves it readable by its owner alone. */
export function openDb(file: string): Db {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o711 });
  const umask = process.umask(0o077);
  try {
    const client = new Database(file);
    client.pragma('journal_mode = WAL');
    client.pragma('synchronous = NORMAL');
    client.pragma('foreign_keys = ON');
    client.pragma('busy_timeout = 5000');
    const db = drizzle(client, { schema });
    migrate(db, { migrationsFolder: path.join(import.meta.dirname, 'migrations') });
    return db;
  } finally {
    process.umask(umask);
  }
}
