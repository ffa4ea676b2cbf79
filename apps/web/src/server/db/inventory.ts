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
  /** `repository@sha256:…` of each registry it came from or went to. */
  repoDigests: string[];
  labels: Record<string, string>;
  sizeBytes: number;
  /** Of it, what other images of the host have too; -1 when the host does not say. */
  sharedBytes: number;
  createdAt: number;
}

const texts = z.array(z.string());
const labelsJson = z.record(z.string(), z.string());
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
        .map(toImage),

    image: (hostId: string, id: string): ImageRecord | undefined => {
      const row = db
        .select()
        .from(images)
        .where(and(eq(images.hostId, hostId), eq(images.id, id)))
        .get();
      return row && toImage(row);
    },

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

function toImage(row: typeof images.$inferSelect): ImageRecord & { hostId: string } {
  return {
    ...row,
    repoTags: texts.parse(row.repoTags),
    repoDigests: texts.parse(row.repoDigests),
    labels: labelsJson.parse(row.labels),
  };
}
