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

/** Columns that an older agent's table lacks. */
export function addColumns(db: Database, table: string, columns: Record<string, string>): void {
  const known = new Set(
    db
      .prepare<[string], { name: string }>('SELECT name FROM pragma_table_info(?)')
      .all(table)
      .map(({ name }) => name),
  );
  for (const [name, definition] of Object.entries(columns))
    if (!known.has(name)) db.exec(`ALTER TABLE ${table} ADD COLUMN ${name} ${definition}`);
}

/** One transaction that also survives the machine: files are made before it, or removed after it, on its word. */
export function durably<T>(db: Database, work: () => T): T {
  db.pragma('synchronous = FULL');
  try {
    return db.transaction(work).immediate();
  } finally {
    db.pragma('synchronous = NORMAL');
  }
}
