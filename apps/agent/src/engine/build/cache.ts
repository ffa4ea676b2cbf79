/**
 * Steps that were made here before, by the image they were made upon and all that they depend on. Only a build writes
 * here: no image that was loaded or pulled is ever taken for one of its steps.
 */
import { createHash } from 'node:crypto';
import type { Database } from '../database.ts';

export const buildCacheSchema = `
CREATE TABLE IF NOT EXISTS build_cache (
  image_id TEXT PRIMARY KEY REFERENCES images(id) ON DELETE CASCADE, parent_id TEXT NOT NULL, step TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS build_cache_step ON build_cache (parent_id, step);`;

export type BuildCache = ReturnType<typeof createBuildCache>;

export function createBuildCache(db: Database) {
  const select = db.prepare<[string, string], { image_id: string }>(
    'SELECT image_id FROM build_cache WHERE parent_id = ? AND step = ? ORDER BY rowid DESC LIMIT 1',
  );
  const insert = db.prepare('INSERT OR REPLACE INTO build_cache (image_id, parent_id, step) VALUES (?, ?, ?)');
  return {
    find: (parentId: string | null, step: string): string | null => select.get(parentId ?? '', step)?.image_id ?? null,
    add(imageId: string, parentId: string | null, step: string): void {
      insert.run(imageId, parentId ?? '', step);
    },
  };
}

/** Of anything that JSON can say, in this order. */
export function stepKey(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
