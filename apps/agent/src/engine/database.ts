/** The agent's records: one SQLite file. Every store brings its own idempotent schema. */
import Sqlite from 'better-sqlite3';

export type Database = Sqlite.Database;

export function openDatabase(path: string, schemas: readonly string[]): Database {
  const db = new Sqlite(path);
  // WAL with NORMAL: what was committed survives the death of this process at any instruction.
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.pragma('foreign_keys = ON');
  for (const schema of schemas) db.exec(schema);
  return db;
}
