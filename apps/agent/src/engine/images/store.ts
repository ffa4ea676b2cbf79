/** Image records. An image is its config's digest; layers are shared by chain id and live as directories. */
import type { Database } from '../database.ts';

export const imagesSchema = `
CREATE TABLE IF NOT EXISTS images (
  id TEXT PRIMARY KEY, config TEXT NOT NULL, size_bytes INTEGER NOT NULL, added_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS image_tags (name TEXT PRIMARY KEY, image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS layers (
  chain_id TEXT PRIMARY KEY, diff_id TEXT NOT NULL, size_bytes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS image_layers (
  image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  chain_id TEXT NOT NULL REFERENCES layers(chain_id), PRIMARY KEY (image_id, position)
);`;

/** The config blob of the image-spec, as far as it is read here. */
export interface ImageConfig {
  created?: string;
  author?: string;
  architecture?: string;
  os?: string;
  config?: {
    User?: string;
    Env?: string[] | null;
    Cmd?: string[] | null;
    Entrypoint?: string[] | null;
    WorkingDir?: string;
    ExposedPorts?: Record<string, object> | null;
    Volumes?: Record<string, object> | null;
    Labels?: Record<string, string> | null;
    StopSignal?: string;
    Healthcheck?: object | null;
    Shell?: string[] | null;
  };
  rootfs: { type: string; diff_ids: string[] };
  history?: { created?: string; created_by?: string; comment?: string; empty_layer?: boolean }[];
}

export interface StoredImage {
  id: string;
  config: ImageConfig;
  sizeBytes: number;
  addedAt: string;
  tags: string[];
  chainIds: string[];
}

export interface ImageStore {
  all(): StoredImage[];
  get(id: string): StoredImage | null;
  byTag(name: string): StoredImage | null;
  add(image: Omit<StoredImage, 'tags'>): void;
  setTag(name: string, imageId: string): void;
  removeTag(name: string): void;
  /** @returns chain ids that no image uses any more; their rows are gone */
  remove(id: string): string[];
  hasLayer(chainId: string): boolean;
  addLayer(layer: { chainId: string; diffId: string; sizeBytes: number }): void;
  layers(): { chainId: string; sizeBytes: number }[];
  /** Layers that no image names: a load ended between the two. */
  dropUnusedLayers(): string[];
}

interface ImageRow {
  id: string;
  config: string;
  size_bytes: number;
  added_at: string;
}

export function createImageStore(db: Database): ImageStore {
  const all = db.prepare<[], ImageRow>('SELECT * FROM images ORDER BY added_at DESC');
  const one = db.prepare<[string], ImageRow>('SELECT * FROM images WHERE id = ?');
  const tagged = db.prepare<[string], ImageRow>(
    'SELECT images.* FROM images JOIN image_tags ON image_id = id WHERE name = ?',
  );
  const tags = db.prepare<[string], { name: string }>('SELECT name FROM image_tags WHERE image_id = ? ORDER BY name');
  const chains = db.prepare<[string], { chain_id: string }>(
    'SELECT chain_id FROM image_layers WHERE image_id = ? ORDER BY position',
  );
  const unused = db.prepare<[], { chain_id: string }>(
    'DELETE FROM layers WHERE chain_id NOT IN (SELECT chain_id FROM image_layers) RETURNING chain_id',
  );
  const read = (row: ImageRow): StoredImage => ({
    id: row.id,
    config: JSON.parse(row.config),
    sizeBytes: row.size_bytes,
    addedAt: row.added_at,
    tags: tags.all(row.id).map((tag) => tag.name),
    chainIds: chains.all(row.id).map((layer) => layer.chain_id),
  });
  const readOrNull = (row: ImageRow | undefined) => (row === undefined ? null : read(row));
  const dropUnusedLayers = () => unused.all().map((row) => row.chain_id);
  return {
    all: () => all.all().map(read),
    get: (id) => readOrNull(one.get(id)),
    byTag: (name) => readOrNull(tagged.get(name)),
    add: db.transaction((image: Omit<StoredImage, 'tags'>) => {
      const { changes } = db
        .prepare('INSERT OR IGNORE INTO images (id, config, size_bytes, added_at) VALUES (?, ?, ?, ?)')
        .run(image.id, JSON.stringify(image.config), image.sizeBytes, image.addedAt);
      if (changes === 0) return;
      const insert = db.prepare('INSERT INTO image_layers (image_id, position, chain_id) VALUES (?, ?, ?)');
      for (const [position, chainId] of image.chainIds.entries()) insert.run(image.id, position, chainId);
    }),
    setTag(name, imageId) {
      db.prepare(
        'INSERT INTO image_tags (name, image_id) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET image_id = excluded.image_id',
      ).run(name, imageId);
    },
    removeTag(name) {
      db.prepare('DELETE FROM image_tags WHERE name = ?').run(name);
    },
    remove: db.transaction((id: string) => {
      db.prepare('DELETE FROM images WHERE id = ?').run(id);
      return dropUnusedLayers();
    }),
    hasLayer: (chainId) => db.prepare('SELECT 1 FROM layers WHERE chain_id = ?').get(chainId) !== undefined,
    addLayer(layer) {
      db.prepare('INSERT OR IGNORE INTO layers (chain_id, diff_id, size_bytes) VALUES (?, ?, ?)').run(
        layer.chainId,
        layer.diffId,
        layer.sizeBytes,
      );
    },
    layers: () =>
      db
        .prepare<[], { chain_id: string; size_bytes: number }>('SELECT chain_id, size_bytes FROM layers')
        .all()
        .map((row) => ({ chainId: row.chain_id, sizeBytes: row.size_bytes })),
    dropUnusedLayers,
  };
}
