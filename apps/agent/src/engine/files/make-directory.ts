/** Makes one directory, of mode 755 and the place's root user. */
import { makeDirectoryInRoot } from '@berth/native';
import { checkPath, explain } from './failures.ts';
import { type Place, withRoot } from './place.ts';

/** @throws not-found when what is to hold it is missing, conflict when it is there, forbidden */
export async function makeDirectory(place: Place, path: string): Promise<void> {
  checkPath(path);
  place.refuseChange();
  await place.change(() =>
    withRoot(place, (root) =>
      makeDirectoryInRoot(root, path, place.owner()).catch((error) => explain(place, path, error)),
    ),
  );
}
