import { desc, lt } from 'drizzle-orm';
import type { Db } from './client.ts';
import { auditLog } from './schema.ts';

export type AuditRecord = typeof auditLog.$inferSelect;

export function auditStore(db: Db) {
  return {
    append: (entry: Omit<AuditRecord, 'id'>): void =>
      void db
        .insert(auditLog)
        .values({ ...entry, message: entry.message.slice(0, 2000) })
        .run(),

    list: ({ limit, beforeId }: { limit: number; beforeId?: number }): AuditRecord[] =>
      db
        .select()
        .from(auditLog)
        .where(beforeId === undefined ? undefined : lt(auditLog.id, beforeId))
        .orderBy(desc(auditLog.id))
        .limit(limit)
        .all(),
  };
}
