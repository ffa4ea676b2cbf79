import { and, eq, gt, lte } from 'drizzle-orm';
import type { Db } from './client.ts';
import { sessions, users } from './schema.ts';

export interface UserRecord {
  id: string;
  email: string;
  passwordHash: string;
}

export function userStore(db: Db) {
  return {
    hasAny: (): boolean => db.select({ id: users.id }).from(users).limit(1).get() !== undefined,

    byEmail: (email: string): UserRecord | undefined => db.select().from(users).where(eq(users.email, email)).get(),

    /** @returns false when there is a user already: only one caller can become the first. */
    addFirst: (user: UserRecord, now: number): boolean =>
      db.transaction(
        (tx) => {
          if (tx.select({ id: users.id }).from(users).limit(1).get()) return false;
          tx.insert(users)
            .values({ ...user, createdAt: now })
            .run();
          return true;
        },
        { behavior: 'immediate' },
      ),

    addSession: (session: { tokenHash: string; userId: string; createdAt: number; expiresAt: number }): void => {
      db.delete(sessions).where(lte(sessions.expiresAt, session.createdAt)).run();
      db.insert(sessions).values(session).run();
    },

    bySession: (tokenHash: string, now: number): { id: string; email: string } | undefined =>
      db
        .select({ id: users.id, email: users.email })
        .from(sessions)
        .innerJoin(users, eq(users.id, sessions.userId))
        .where(and(eq(sessions.tokenHash, tokenHash), gt(sessions.expiresAt, now)))
        .get(),

    removeSession: (tokenHash: string): void => void db.delete(sessions).where(eq(sessions.tokenHash, tokenHash)).run(),
  };
}
