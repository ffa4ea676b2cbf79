/** Image records. An image is its config's digest; layers are shared by chain id. What refers to what is asked, not counted. */
import { addColumns, type Database } from '../database.ts';
import { digestOf } from './blobs.ts';
import type { ImageConfig } from './config.ts';

export const imagesSchema = `
CREATE TABLE IF NOT EXISTS images (
  id TEXT PRIMARY KEY, config TEXT NOT NULL, size_bytes INTEGER NOT NULL, added_at TEXT NOT NULL,
  parent_id TEXT, tagged_at TEXT
);
CREATE TABLE IF NOT EXISTS image_tags (name TEXT PRIMARY KEY, image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS image_digests (
  repository TEXT NOT NULL, digest TEXT NOT NULL, image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  media_type TEXT NOT NULL, manifest_digest TEXT NOT NULL, PRIMARY KEY (repository, digest)
);
CREATE TABLE IF NOT EXISTS layers (
  chain_id TEXT PRIMARY KEY, diff_id TEXT NOT NULL, size_bytes INTEGER NOT NULL,
  blob_digest TEXT, blob_bytes INTEGER, media_type TEXT, added_at TEXT, hides_below INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS image_layers (
  image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  chain_id TEXT NOT NULL REFERENCES layers(chain_id), PRIMARY KEY (image_id, position)
);`;

/** Layers of an agent that kept no blobs have none: they run, and are completed when they come again. */
export interface LayerRow {
  chainId: string;
  diffId: string;
  sizeBytes: number;
  blob: { digest: string; sizeBytes: number; mediaType: string } | null;
  /** Its root is opaque. */
  hidesBelow: boolean;
  addedAt: string;
}

export interface ImageDigest {
  repository: string;
  /** Of what the repository's tag pointed to: a manifest, or an index that has it. */
  digest: string;
  mediaType: string;
  /** The image's own manifest. */
  manifestDigest: string;
}

export interface StoredImage {
  id: string;
  config: ImageConfig;
  /** The files of its layers. */
  rootfsBytes: number;
  /** On disk, with the blobs and whatever it shares with others. */
  sizeBytes: number;
  addedAt: string;
  taggedAt: string | null;
  /** The image it was built or committed from. */
  parentId: string | null;
  tags: string[];
  digests: ImageDigest[];
  /** `repository@digest`. */
  repoDigests: string[];
  /** Lowest first. */
  chainIds: string[];
  /** Those that a container sees: from the topmost whose root is opaque. */
  visibleChainIds: string[];
}

interface ImageRow {
  id: string;
  config: string;
  config_bytes: number;
  added_at: string;
  parent_id: string | null;
  tagged_at: string | null;
}

interface LayerColumns {
  chain_id: string;
  diff_id: string;
  size_bytes: number;
  blob_digest: string | null;
  blob_bytes: number | null;
  media_type: string | null;
  added_at: string | null;
  hides_below: number;
}

export type ImageStore = ReturnType<typeof createImageStore>;

export function createImageStore(db: Database) {
  addColumns(db, 'images', { parent_id: 'TEXT', tagged_at: 'TEXT' });
  addColumns(db, 'layers', { blob_digest: 'TEXT', blob_bytes: 'INTEGER', media_type: 'TEXT', added_at: 'TEXT' });
  addColumns(db, 'layers', { hides_below: 'INTEGER NOT NULL DEFAULT 0' });
  const columns = 'images.*, length(CAST(config AS BLOB)) AS config_bytes';
  const all = db.prepare<[], ImageRow>(`SELECT ${columns} FROM images ORDER BY added_at DESC, id`);
  const one = db.prepare<[string], ImageRow>(`SELECT ${columns} FROM images WHERE id = ?`);
  const tagged = db.prepare<[string], { image_id: string }>('SELECT image_id FROM image_tags WHERE name = ?');
  const tags = db.prepare<[string], { name: string }>('SELECT name FROM image_tags WHERE image_id = ? ORDER BY name');
  const digests = db.prepare<
    [string],
    { repository: string; digest: string; media_type: string; manifest_digest: string }
  >('SELECT * FROM image_digests WHERE image_id = ? ORDER BY rowid');
  const chains = db.prepare<[string], LayerColumns>(
    'SELECT layers.* FROM image_layers JOIN layers USING (chain_id) WHERE image_id = ? ORDER BY position',
  );
  const layer = db.prepare<[string], LayerColumns>('SELECT * FROM layers WHERE chain_id = ?');
  const allLayers = db.prepare<[], LayerColumns>('SELECT * FROM layers ORDER BY chain_id');
  const unused = db.prepare<[], LayerColumns>(
    'SELECT * FROM layers WHERE chain_id NOT IN (SELECT chain_id FROM image_layers)',
  );
  const named = db.prepare<[], { digest: string }>(
    `SELECT id AS digest FROM images UNION SELECT digest FROM image_digests UNION SELECT manifest_digest FROM image_digests
     UNION SELECT blob_digest FROM layers WHERE blob_digest IS NOT NULL`,
  );
  const setTag = db.prepare(
    'INSERT INTO image_tags (name, image_id) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET image_id = excluded.image_id',
  );
  const touch = db.prepare('UPDATE images SET tagged_at = ? WHERE id = ?');

  const read = (row: ImageRow): StoredImage => {
    const layers = chains.all(row.id);
    const repositories = digests.all(row.id);
    const sum = (values: (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);
    const rootfsBytes = sum(layers.map((one) => one.size_bytes));
    return {
      id: row.id,
      config: JSON.parse(row.config),
      rootfsBytes,
      sizeBytes: rootfsBytes + sum(layers.map((one) => one.blob_bytes)) + row.config_bytes,
      addedAt: row.added_at,
      taggedAt: row.tagged_at,
      parentId: row.parent_id,
      tags: tags.all(row.id).map((tag) => tag.name),
      digests: repositories.map((one) => ({
        repository: one.repository,
        digest: one.digest,
        mediaType: one.media_type,
        manifestDigest: one.manifest_digest,
      })),
      repoDigests: repositories.map((one) => `${one.repository}@${one.digest}`),
      chainIds: layers.map((one) => one.chain_id),
      visibleChainIds: layers
        .slice(
          Math.max(
            0,
            layers.findLastIndex((one) => one.hides_below === 1),
          ),
        )
        .map((one) => one.chain_id),
    };
  };
  const readOrNull = (row: ImageRow | undefined) => (row === undefined ? null : read(row));

  return {
    all: () => all.all().map(read),
    ids: () => all.all().map((row) => row.id),
    get: (id: string) => readOrNull(one.get(id)),
    byTag(name: string): StoredImage | null {
      const found = tagged.get(name);
      return found === undefined ? null : readOrNull(one.get(found.image_id));
    },
    byDigest(repository: string, digest: string): StoredImage | null {
      const found = db
        .prepare<[string, string, string], { image_id: string }>(
          'SELECT image_id FROM image_digests WHERE repository = ? AND (digest = ? OR manifest_digest = ?)',
        )
        .get(repository, digest, digest);
      return found === undefined ? null : readOrNull(one.get(found.image_id));
    },
    /** As its id was made from it. */
    configText: (id: string): string | null => one.get(id)?.config ?? null,
    /** Other than the id for a record of an agent that did not keep the bytes. */
    configDigest(id: string): string | null {
      const text = one.get(id)?.config;
      return text === undefined ? null : digestOf(text);
    },
    /** An image that is there already keeps its parent and time; its text may complete an older agent's record. */
    add(image: { id: string; configText: string; addedAt: string; parentId: string | null; chainIds: string[] }): void {
      db.prepare(
        `INSERT INTO images (id, config, size_bytes, added_at, parent_id) VALUES (?, ?, 0, ?, ?)
         ON CONFLICT (id) DO UPDATE SET config = excluded.config, parent_id = coalesce(parent_id, excluded.parent_id)`,
      ).run(image.id, image.configText, image.addedAt, image.parentId);
      const insert = db.prepare('INSERT OR IGNORE INTO image_layers (image_id, position, chain_id) VALUES (?, ?, ?)');
      for (const [position, chainId] of image.chainIds.entries()) insert.run(image.id, position, chainId);
    },
    setTag(name: string, imageId: string): void {
      setTag.run(name, imageId);
      touch.run(new Date().toISOString(), imageId);
    },
    removeTag(name: string): void {
      db.prepare('DELETE FROM image_tags WHERE name = ?').run(name);
    },
    setDigest(imageId: string, { repository, digest, mediaType, manifestDigest }: ImageDigest): void {
      db.prepare('INSERT OR REPLACE INTO image_digests VALUES (?, ?, ?, ?, ?)').run(
        repository,
        digest,
        imageId,
        mediaType,
        manifestDigest,
      );
    },
    removeDigest(repository: string, digest: string): void {
      db.prepare('DELETE FROM image_digests WHERE repository = ? AND digest = ?').run(repository, digest);
    },
    /** Its names and digests go with it. */
    remove(id: string): void {
      db.prepare('DELETE FROM images WHERE id = ?').run(id);
    },
    children: (id: string): string[] =>
      db
        .prepare<[string], { id: string }>('SELECT id FROM images WHERE parent_id = ?')
        .all(id)
        .map((row) => row.id),
    layer(chainId: string): LayerRow | null {
      const row = layer.get(chainId);
      return row === undefined ? null : readLayer(row);
    },
    layers: (): LayerRow[] => allLayers.all().map(readLayer),
    unusedLayers: (): LayerRow[] => unused.all().map(readLayer),
    addLayer({
      chainId,
      diffId,
      sizeBytes,
      blob,
      hidesBelow,
    }: Omit<LayerRow, 'addedAt'> & { blob: NonNullable<LayerRow['blob']> }) {
      db.prepare(
        `INSERT INTO layers (chain_id, diff_id, size_bytes, blob_digest, blob_bytes, media_type, added_at, hides_below)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (chain_id) DO UPDATE SET
         blob_digest = excluded.blob_digest, blob_bytes = excluded.blob_bytes, media_type = excluded.media_type`,
      ).run(
        chainId,
        diffId,
        sizeBytes,
        blob.digest,
        blob.sizeBytes,
        blob.mediaType,
        new Date().toISOString(),
        hidesBelow ? 1 : 0,
      );
    },
    /** Layers are as if they had come without a blob, digests of repositories as if they had not been told. */
    forgetBlobs(digests: ReadonlySet<string>): void {
      const layers = db.prepare(
        'UPDATE layers SET blob_digest = NULL, blob_bytes = NULL, media_type = NULL WHERE blob_digest = ?',
      );
      const manifests = db.prepare('DELETE FROM image_digests WHERE digest = ? OR manifest_digest = ?');
      for (const digest of digests) {
        layers.run(digest);
        manifests.run(digest, digest);
      }
    },
    removeLayer(chainId: string): void {
      db.prepare('DELETE FROM layers WHERE chain_id = ?').run(chainId);
    },
    /** Digests of all blobs that a record stands for. */
    namedBlobs: (): Set<string> => new Set(named.all().map((row) => row.digest)),
  };
}

function readLayer(row: LayerColumns): LayerRow {
  return {
    chainId: row.chain_id,
    diffId: row.diff_id,
    sizeBytes: row.size_bytes,
    blob:
      row.blob_digest === null
        ? null
        : { digest: row.blob_digest, sizeBytes: row.blob_bytes ?? 0, mediaType: row.media_type ?? '' },
    hidesBelow: row.hides_below === 1,
    addedAt: row.added_at ?? '',
  };
}
