/** The volumes that a new container brings, with what its image has at their places. */

import type { Context } from './context.ts';
import type { PlannedVolume } from './mounts.ts';
import { openImage } from './root.ts';

/** Those without a name go again unless the container comes to be: `settle` decides. */
export async function makeVolumes(
  { volumes }: Pick<Context, 'volumes'>,
  image: { layerDirs: string[] },
  planned: readonly PlannedVolume[],
): Promise<void> {
  volumes.doom(planned.filter(({ plan }) => plan.anonymous).map(({ plan }) => plan.name));
  for (const { plan, labels, options } of planned) volumes.create({ ...plan, labels, options });
  for (const { plan, seedFrom } of planned) {
    if (seedFrom !== null) await volumes.contents.seed(plan.name, () => openImage(image.layerDirs), seedFrom);
  }
}
