/** Takes a file or directory away. A link goes, not what it leads to; what is mounted stays. */
import { removeInRoot } from '@berth/native';
import { checkPath, explain } from './failures.ts';
import { type Place, withRoot } from './place.ts';

/** @throws not-found, conflict for a directory that is not empty or a mount, forbidden */
export async function removeFile(place: Place, path: string, options: { recursive: boolean }): Promise<void> {
  checkPath(path);
  place.refuseChange();
  await place.change(() =>
    withRoot(place, (root) => removeInRoot(root, path, options).catch((error) => explain(place, path, error))),
  );
}
