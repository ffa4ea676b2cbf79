/** Named volumes: directories of the data directory, with a record each. */

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { removeTree } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import type { Database } from '../database.ts';
import type { Events } from '../events.ts';

export const volumesSchema = `
CREATE TABLE IF NOT EXISTS volumes (
  name TEXT PRIMARY KEY, labels TEXT NOT NULL, created_at TEXT NOT NULL, anonymous INTEGER NOT NULL
);`;

export interface Volume {
  name: string;
  labels: Record<string, string>;
  createdAt: string;
  anonymous: boolean;
  mountpoint: string;
}

export interface Volumes {
  /** Name and place of a volume that may not be there yet; without a name, of an anonymous one. @throws invalid-parameter */
  plan(name?: string): VolumePlan;
  /** Makes it, or gives the one that is there. @throws invalid-parameter */
  create(options: { name?: string | undefined; labels: Record<string, string>; anonymous?: boolean }): Volume;
  list(): Volume[];
  /** @throws not-found */
  get(name: string): Volume;
  /** @throws conflict while a container uses it */
  remove(name: string): Promise<void>;
  isUsed(name: string): boolean;
}

export interface VolumePlan {
  name: string;
  mountpoint: string;
  anonymous: boolean;
}

interface Row {
  name: string;
  labels: string;
  created_at: string;
  anonymous: number;
}

export function createVolumes(deps: {
  db: Database;
  dataDir: string;
  events: Events;
  users: (name: string) => string[];
}): Volumes {
  const { db, events } = deps;
  const directory = (name: string) => path.join(deps.dataDir, 'volumes', name);
  const read = (row: Row): Volume => ({
    name: row.name,
    labels: JSON.parse(row.labels),
    createdAt: row.created_at,
    anonymous: row.anonymous === 1,
    mountpoint: path.join(directory(row.name), '_data'),
  });
  const select = db.prepare<[string], Row>('SELECT * FROM volumes WHERE name = ?');
  function get(name: string): Volume {
    const row = select.get(name);
    if (row === undefined) throw new EngineError('not-found', `get ${name}: no such volume`);
    return read(row);
  }
  function plan(name?: string): VolumePlan {
    const anonymous = name === undefined || name === '';
    const actual = anonymous ? randomBytes(32).toString('hex') : name;
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(actual)) {
      throw new EngineError(
        'invalid-parameter',
        `create ${actual}: "${actual}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
      );
    }
    return { name: actual, mountpoint: path.join(directory(actual), '_data'), anonymous };
  }
  return {
    get,
    list: () => db.prepare<[], Row>('SELECT * FROM volumes ORDER BY name').all().map(read),
    plan,
    create({ name, labels, anonymous }) {
      const planned = plan(name);
      const actual = planned.name;
      const { changes } = db
        .prepare('INSERT OR IGNORE INTO volumes (name, labels, created_at, anonymous) VALUES (?, ?, ?, ?)')
        .run(actual, JSON.stringify(labels), new Date().toISOString(), (anonymous ?? planned.anonymous) ? 1 : 0);
      mkdirSync(path.join(directory(actual), '_data'), { recursive: true });
      if (changes > 0)
        events.append({ type: 'volume', action: 'create', actorId: actual, attributes: { driver: 'local' } });
      return get(actual);
    },
    async remove(name) {
      get(name);
      const [user] = deps.users(name);
      if (user !== undefined) {
        throw new EngineError('conflict', `remove ${name}: volume is in use - [${deps.users(name).join(', ')}]`);
      }
      await removeTree(directory(name));
      db.prepare('DELETE FROM volumes WHERE name = ?').run(name);
      events.append({ type: 'volume', action: 'destroy', actorId: name, attributes: { driver: 'local' } });
    },
    isUsed: (name) => deps.users(name).length > 0,
  };
}
