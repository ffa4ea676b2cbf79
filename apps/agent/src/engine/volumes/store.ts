/** Records of volumes. */
import type { Database } from '../database.ts';
import { type Backing, readBacking } from './options.ts';

export const volumesSchema = `
CREATE TABLE IF NOT EXISTS volumes (
  name TEXT PRIMARY KEY, labels TEXT NOT NULL, created_at TEXT NOT NULL, anonymous INTEGER NOT NULL
);
-- Of the driver; those that have none are not here.
CREATE TABLE IF NOT EXISTS volume_options (name TEXT PRIMARY KEY, options TEXT NOT NULL);
-- They go unless a container has them: what was begun with them is finished, or undone, at the next start.
CREATE TABLE IF NOT EXISTS volumes_going (name TEXT PRIMARY KEY);`;

export interface VolumeRecord {
  name: string;
  labels: Record<string, string>;
  options: Record<string, string>;
  createdAt: string;
  anonymous: boolean;
  backing: Backing;
}

export type VolumeStore = ReturnType<typeof createVolumeStore>;

interface Row {
  name: string;
  labels: string;
  created_at: string;
  anonymous: number;
  options: string | null;
}

export function createVolumeStore(db: Database) {
  const columns = 'SELECT volumes.*, options FROM volumes LEFT JOIN volume_options USING (name)';
  const select = db.prepare<[string], Row>(`${columns} WHERE name = ?`);
  const selectAll = db.prepare<[], Row>(`${columns} ORDER BY name`);
  const insert = db.prepare('INSERT INTO volumes (name, labels, created_at, anonymous) VALUES (?, ?, ?, ?)');
  const insertOptions = db.prepare('INSERT OR REPLACE INTO volume_options (name, options) VALUES (?, ?)');
  const mark = db.prepare('INSERT OR IGNORE INTO volumes_going (name) VALUES (?)');
  const unmark = db.prepare('DELETE FROM volumes_going WHERE name = ?');
  const marked = db.prepare<[], { name: string }>('SELECT name FROM volumes_going');
  const erasures = ['volumes', 'volume_options', 'volumes_going'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE name = ?`),
  );
  return {
    get: (name: string): VolumeRecord | null => {
      const row = select.get(name);
      return row === undefined ? null : read(row);
    },
    all: (): VolumeRecord[] => selectAll.all().map(read),
    add: db.transaction((volume: Omit<VolumeRecord, 'backing'>) => {
      insert.run(volume.name, JSON.stringify(volume.labels), volume.createdAt, volume.anonymous ? 1 : 0);
      if (Object.keys(volume.options).length > 0) insertOptions.run(volume.name, JSON.stringify(volume.options));
    }),
    markGoing: (name: string) => void mark.run(name),
    unmarkGoing: (name: string) => void unmark.run(name),
    going: () => marked.all().map(({ name }) => name),
    remove: db.transaction((name: string) => {
      for (const erase of erasures) erase.run(name);
    }),
  };
}

function read(row: Row): VolumeRecord {
  const options: Record<string, string> = row.options === null ? {} : JSON.parse(row.options);
  return {
    name: row.name,
    labels: JSON.parse(row.labels),
    options,
    createdAt: row.created_at,
    anonymous: row.anonymous === 1,
    backing: readBacking(row.name, options),
  };
}
