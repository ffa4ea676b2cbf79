/** What is in a directory, owners as those inside know them. */
import { listInRoot, type PathStat } from '@berth/native';
import { checkPath, explain } from './failures.ts';
import { type Place, withRoot } from './place.ts';

export type FileEntry = PathStat;

const listedEntriesMax = 10_000;
const idsMax = 65_536;
const nobody = 65_534;

/** By name, the first `listedEntriesMax` of them. @throws not-found, invalid-parameter */
export async function listFiles(place: Place, path: string): Promise<{ entries: FileEntry[]; truncated: boolean }> {
  checkPath(path);
  const { uid, gid } = place.owner();
  const inside = (id: number, base: number) =>
    base === 0 ? id : id >= base && id < base + idsMax ? id - base : nobody;
  const { entries, truncated } = await withRoot(place, (root) =>
    listInRoot(root, path, listedEntriesMax).catch((error) => explain(place, path, error)),
  );
  const own = entries.map((entry) => ({ ...entry, uid: inside(entry.uid, uid), gid: inside(entry.gid, gid) }));
  return { entries: own, truncated };
}
