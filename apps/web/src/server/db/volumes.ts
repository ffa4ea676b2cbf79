import { and, asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from './client.ts';
import { volumes } from './schema.ts';

export interface VolumeRecord {
  name: string;
  driver: string;
  mountpoint: string;
  labels: Record<string, string>;
  /** What the driver was told, as `{"type": "tmpfs"}`. */
  options: Record<string, string>;
  createdAt: number;
}

const texts = z.record(z.string(), z.string());

/** The volumes that the hosts were last seen to have. */
export function volumeStore(db: Db) {
  return {
    list: (hostId?: string): (VolumeRecord & { hostId: string })[] =>
      db
        .select()
        .from(volumes)
        .where(hostId === undefined ? undefined : eq(volumes.hostId, hostId))
        .orderBy(asc(volumes.name), asc(volumes.hostId))
        .all()
        .map(toVolume),

    get: (hostId: string, name: string): (VolumeRecord & { hostId: string }) | undefined => {
      const row = db
        .select()
        .from(volumes)
        .where(and(eq(volumes.hostId, hostId), eq(volumes.name, name)))
        .get();
      return row && toVolume(row);
    },

    replace: (hostId: string, list: VolumeRecord[]): void =>
      db.transaction((tx) => {
        tx.delete(volumes).where(eq(volumes.hostId, hostId)).run();
        for (const volume of list)
          tx.insert(volumes)
            .values({ hostId, ...volume })
            .onConflictDoNothing()
            .run();
      }),
  };
}

function toVolume(row: typeof volumes.$inferSelect): VolumeRecord & { hostId: string } {
  return { ...row, labels: texts.parse(row.labels), options: texts.parse(row.options) };
}
