/** At start: finishes exchanges that were interrupted, and puts aside what no record names. */
import { existsSync, renameSync } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { describeError, log } from '../../log.ts';
import type { Places } from './places.ts';
import type { VolumeStore } from './store.ts';

export async function sweepVolumes(places: Places, store: VolumeStore, orphansDir: () => string): Promise<void> {
  const going = new Set(store.going());
  for (const { name } of store.all()) {
    if (going.has(name)) continue;
    await places
      .finish(name)
      .catch((error) => log('error', 'a restore was not finished', { volume: name, error: describeError(error) }));
    if (!existsSync(places.data(name))) {
      log('error', 'the files of a volume are gone; it is empty now', { volume: name });
      places.make(name);
    }
  }
  for (const name of await readdir(places.parent)) {
    if (store.get(name) === null) await putAside(places, name, orphansDir);
  }
}

/**
 * A directory comes before its record: a create that did not come to its end leaves an empty one. Files without a record
 * are nobody's that we know, and not ours to delete: they are kept where no new volume of the name gets at them.
 */
async function putAside(places: Places, name: string, orphansDir: () => string): Promise<void> {
  const isEmpty = await rmdir(places.data(name))
    .catch(ignoreMissing)
    .then(() => rmdir(places.directory(name)))
    .then(
      () => true,
      () => false,
    );
  if (isEmpty) return;
  const aside = path.join(orphansDir(), `${name}-${Date.now()}`);
  renameSync(places.directory(name), aside);
  log('error', 'files without a volume were put aside', { volume: name, path: aside });
}

function ignoreMissing(error: Error): void {
  if (!('code' in error) || error.code !== 'ENOENT') throw error;
}
