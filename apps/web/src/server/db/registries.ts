import { asc, eq } from 'drizzle-orm';
import type { Db } from './client.ts';
import { registries } from './schema.ts';

export type RegistryRecord = typeof registries.$inferSelect;

export function registryStore(db: Db) {
  return {
    list: (): RegistryRecord[] => db.select().from(registries).orderBy(asc(registries.host)).all(),

    get: (host: string): RegistryRecord | undefined =>
      db.select().from(registries).where(eq(registries.host, host)).get(),

    /** Adds it, or replaces what is known of it. */
    put: ({ host, username, sealedPassword }: Omit<RegistryRecord, 'createdAt' | 'updatedAt'>, now: number): void =>
      void db
        .insert(registries)
        .values({ host, username, sealedPassword, createdAt: now, updatedAt: now })
        .onConflictDoUpdate({ target: registries.host, set: { username, sealedPassword, updatedAt: now } })
        .run(),

    remove: (host: string): void => void db.delete(registries).where(eq(registries.host, host)).run(),
  };
}
