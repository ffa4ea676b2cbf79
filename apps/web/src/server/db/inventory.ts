import { and, asc, eq, notInArray } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from './client.ts';
import { containers, images } from './schema.ts';

export interface ContainerRecord {
  hostId: string;
  id: string;
  name: string;
  inspect: Record<string, unknown>;
  fetchedAt: number;
}

export interface ImageRecord {
  id: string;
  repoTags: string[];
  sizeBytes: number;
  createdAt: number;
}

const inspectJson = z.record(z.string(), z.unknown());

/** What the hosts were last seen to have. */
export function inventoryStore(db: Db) {
  return {
    containers: (hostId?: string): ContainerRecord[] =>
      db
        .select()
        .from(containers)
        .where(hostId === undefined ? undefined : eq(containers.hostId, hostId))
        .orderBy(asc(containers.name), asc(containers.id))
        .all()
        .map(toContainer),

    container: (hostId: string, id: string): ContainerRecord | undefined => {
      const row = db
        .select()
        .from(containers)
        .where(and(eq(containers.hostId, hostId), eq(containers.id, id)))
        .get();
      return row && toContainer(row);
    },

    putContainer: ({ hostId, id, name, inspect, fetchedAt }: ContainerRecord): void =>
      void db
        .insert(containers)
        .values({ hostId, id, name, inspect, fetchedAt })
        .onConflictDoUpdate({ target: [containers.hostId, containers.id], set: { name, inspect, fetchedAt } })
        .run(),

    removeContainer: (hostId: string, id: string): void =>
      void db
        .delete(containers)
        .where(and(eq(containers.hostId, hostId), eq(containers.id, id)))
        .run(),

    /** @returns the ids of those that went */
    keepContainers: (hostId: string, ids: string[]): string[] =>
      db
        .delete(containers)
        .where(and(eq(containers.hostId, hostId), notInArray(containers.id, ids)))
        .returning({ id: containers.id })
        .all()
        .map(({ id }) => id),

    images: (hostId?: string): (ImageRecord & { hostId: string })[] =>
      db
        .select()
        .from(images)
        .where(hostId === undefined ? undefined : eq(images.hostId, hostId))
        .all()
        .map((row) => ({ ...row, repoTags: z.array(z.string()).parse(row.repoTags) })),

    replaceImages: (hostId: string, list: ImageRecord[]): void =>
      db.transaction((tx) => {
        tx.delete(images).where(eq(images.hostId, hostId)).run();
        for (const image of list)
          tx.insert(images)
            .values({ hostId, ...image })
            .onConflictDoNothing()
            .run();
      }),
  };
}

function toContainer(row: typeof containers.$inferSelect): ContainerRecord {
  return { ...row, inspect: inspectJson.parse(row.inspect) };
}
