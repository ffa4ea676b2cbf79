import { type HostFacts, hostFacts } from '@berth/shared/protocol/control';
import { and, asc, eq, gt, isNull, lte, sql } from 'drizzle-orm';
import type { Db } from './client.ts';
import { enrolmentTokens, hosts } from './schema.ts';

export interface HostRecord {
  id: string;
  name: string;
  publicKey: string;
  enrolledAt: number;
  lastSeenAt: number | null;
  facts: HostFacts;
  statsUpToMs: number;
}

interface NewHost {
  id: string;
  publicKey: string;
  facts: HostFacts;
  tokenHash: string;
  now: number;
}

export function hostStore(db: Db) {
  return {
    list: (): HostRecord[] => db.select().from(hosts).orderBy(asc(hosts.name), asc(hosts.id)).all().map(toHost),

    get: (id: string): HostRecord | undefined => {
      const row = db.select().from(hosts).where(eq(hosts.id, id)).get();
      return row && toHost(row);
    },

    addToken: (token: { tokenHash: string; name: string | null; createdAt: number; expiresAt: number }): void => {
      db.delete(enrolmentTokens).where(lte(enrolmentTokens.expiresAt, token.createdAt)).run();
      db.insert(enrolmentTokens).values(token).run();
    },

    /** Uses the token up and adds the host in one transaction. A key that is known already keeps its host. */
    enroll: ({ id, publicKey, facts, tokenHash, now }: NewHost): HostRecord | 'refused' =>
      db.transaction(
        (tx) => {
          const token = tx
            .update(enrolmentTokens)
            .set({ usedAt: now })
            .where(
              and(
                eq(enrolmentTokens.tokenHash, tokenHash),
                isNull(enrolmentTokens.usedAt),
                gt(enrolmentTokens.expiresAt, now),
              ),
            )
            .returning()
            .get();
          if (!token) return 'refused';
          const row = tx
            .insert(hosts)
            .values({
              id,
              name: freeName(
                token.name || facts.hostname || 'host',
                tx
                  .select({ name: hosts.name })
                  .from(hosts)
                  .all()
                  .map(({ name }) => name),
              ),
              publicKey,
              enrolledAt: now,
              lastSeenAt: now,
              facts,
            })
            .onConflictDoUpdate({ target: hosts.publicKey, set: { facts, lastSeenAt: now } })
            .returning()
            .get();
          return toHost(row);
        },
        { behavior: 'immediate' },
      ),

    rename: (id: string, name: string): void => void db.update(hosts).set({ name }).where(eq(hosts.id, id)).run(),

    /** With everything known of it. */
    remove: (id: string): void => void db.delete(hosts).where(eq(hosts.id, id)).run(),

    setFacts: (id: string, facts: HostFacts): void =>
      void db.update(hosts).set({ facts }).where(eq(hosts.id, id)).run(),

    setLastSeen: (id: string, at: number): void =>
      void db.update(hosts).set({ lastSeenAt: at }).where(eq(hosts.id, id)).run(),

    setStatsUpTo: (id: string, timeMs: number): void =>
      void db
        .update(hosts)
        .set({ statsUpToMs: sql`max(${hosts.statsUpToMs}, ${timeMs})` })
        .where(eq(hosts.id, id))
        .run(),
  };
}

function freeName(wanted: string, taken: string[]): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!taken.includes(name)) return name;
  }
}

function toHost(row: typeof hosts.$inferSelect): HostRecord {
  return { ...row, facts: hostFacts.parse(row.facts) };
}
