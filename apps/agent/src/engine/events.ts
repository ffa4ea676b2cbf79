/** The engine's event stream: durable, numbered, in order. */
import type { EngineEvent } from '@berth/shared/protocol/control';
import type { Database } from './database.ts';

export const eventsSchema = `
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT NOT NULL, action TEXT NOT NULL, actor_id TEXT NOT NULL, attributes TEXT NOT NULL, time_nano TEXT NOT NULL
);`;

const eventsKeptMax = 100_000;

export interface NewEvent {
  type: EngineEvent['type'];
  action: string;
  actorId: string;
  attributes: Record<string, string>;
}

export interface Events {
  /** The event is stored when this returns. */
  append(event: NewEvent): EngineEvent;
  after(seq: number, limit: number): EngineEvent[];
  firstSeq(): number;
  lastSeq(): number;
  subscribe(listener: (event: EngineEvent) => void): () => void;
}

interface Row {
  seq: number;
  type: EngineEvent['type'];
  action: string;
  actor_id: string;
  attributes: string;
  time_nano: string;
}

export function createEvents(db: Database): Events {
  const insert = db.prepare(
    'INSERT INTO events (type, action, actor_id, attributes, time_nano) VALUES (?, ?, ?, ?, ?)',
  );
  const select = db.prepare<[number, number], Row>('SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?');
  const first = db.prepare<[], { seq: number | null }>('SELECT MIN(seq) AS seq FROM events');
  const last = db.prepare<[], { seq: number | null }>('SELECT MAX(seq) AS seq FROM events');
  const trim = db.prepare('DELETE FROM events WHERE seq <= ?');
  const listeners = new Set<(event: EngineEvent) => void>();
  return {
    append(event) {
      const timeNano = String(nowNanos());
      const { lastInsertRowid } = insert.run(
        event.type,
        event.action,
        event.actorId,
        JSON.stringify(event.attributes),
        timeNano,
      );
      const seq = Number(lastInsertRowid);
      if (seq % 1000 === 0) trim.run(seq - eventsKeptMax);
      const stored: EngineEvent = { ...event, seq, timeNano };
      for (const listener of listeners) listener(stored);
      return stored;
    },
    after: (seq, limit) => select.all(seq, limit).map(fromRow),
    firstSeq: () => first.get()?.seq ?? 0,
    lastSeq: () => last.get()?.seq ?? 0,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function fromRow(row: Row): EngineEvent {
  return {
    seq: row.seq,
    type: row.type,
    action: row.action,
    actorId: row.actor_id,
    attributes: JSON.parse(row.attributes),
    timeNano: row.time_nano,
  };
}

let lastNanos = 0n;
/** Wall clock in nanoseconds, never twice the same. */
export function nowNanos(): bigint {
  const now = BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
  lastNanos = now > lastNanos ? now : lastNanos + 1n;
  return lastNanos;
}
