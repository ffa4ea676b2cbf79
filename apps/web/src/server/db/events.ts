import type { EngineEvent } from '@berth/shared/protocol/control';
import { and, desc, eq, lt, max, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from './client.ts';
import { events } from './schema.ts';

export interface EventRecord {
  hostId: string;
  seq: number;
  type: string;
  action: string;
  actorId: string;
  attributes: Record<string, string>;
  at: number;
}

const eventsKeptPerHost = 100_000;

export function eventStore(db: Db) {
  return {
    /** -1 when there is none. */
    lastSeq: (hostId: string): number =>
      db
        .select({ seq: max(events.seq) })
        .from(events)
        .where(eq(events.hostId, hostId))
        .get()?.seq ?? -1,

    /** All or none; one that is known already stays as it is. */
    append: (hostId: string, list: readonly EngineEvent[]): void =>
      db.transaction((tx) => {
        for (const { seq, type, action, actorId, attributes, timeNano } of list) {
          const at = Number(BigInt(timeNano) / 1_000_000n);
          tx.insert(events).values({ hostId, seq, type, action, actorId, attributes, at }).onConflictDoNothing().run();
        }
      }),

    list: (query: { hostId?: string; actorId?: string; limit: number; beforeSeq?: number }): EventRecord[] =>
      db
        .select()
        .from(events)
        .where(
          and(
            query.hostId === undefined ? undefined : eq(events.hostId, query.hostId),
            query.actorId === undefined ? undefined : eq(events.actorId, query.actorId),
            query.beforeSeq === undefined ? undefined : lt(events.seq, query.beforeSeq),
          ),
        )
        .orderBy(query.hostId === undefined ? desc(events.at) : desc(events.seq), desc(events.seq))
        .limit(query.limit)
        .all()
        .map((row) => ({ ...row, attributes: z.record(z.string(), z.string()).parse(row.attributes) })),

    /** Keeps the newest of each host. */
    prune: (): void => {
      const kept = sql`(select max(e.seq) - ${eventsKeptPerHost} from events e where e.host_id = ${events.hostId})`;
      db.delete(events).where(sql`${events.seq} <= ${kept}`).run();
    },
  };
}
