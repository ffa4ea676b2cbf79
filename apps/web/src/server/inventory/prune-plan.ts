/** What a prune takes and what that frees, from what the engine tells of its images. Pure. */
export interface PrunableImage {
  id: string;
  parentId: string;
  isTagged: boolean;
  isUsed: boolean;
  createdAt: number;
}

export interface PruneRule {
  all: boolean;
  /** Only what was made before; null: of any age. */
  beforeMs: number | null;
}

export interface PrunePlan {
  /** What is named to a person. */
  images: string[];
  /** These, and the steps of builds that go with them because nothing else is made of them. */
  going: Set<string>;
}

export function planPrune(images: readonly PrunableImage[], { all, beforeMs }: PruneRule): PrunePlan {
  const children = Map.groupBy(images, ({ parentId }) => parentId);
  const named = images.filter(
    ({ id, isTagged, isUsed, createdAt }) =>
      !isUsed &&
      (all || !isTagged) &&
      (beforeMs === null || createdAt < beforeMs) &&
      // A step that something was built from is no image of its own for a person.
      !children.has(id),
  );
  const byId = new Map(images.map((image) => [image.id, image]));
  const going = new Set(named.map(({ id }) => id));
  for (const { parentId } of named)
    for (let parent = byId.get(parentId); parent && !parent.isTagged && !parent.isUsed; ) {
      if (!children.get(parent.id)?.every(({ id }) => going.has(id))) break;
      going.add(parent.id);
      parent = byId.get(parent.parentId);
    }
  return { images: named.map(({ id }) => id), going };
}

export interface LayeredImage {
  id: string;
  /** From the bottom up; what they stand on is part of what they are. */
  layers: string[];
  /** Of each layer, in the same order; null when the engine does not say. */
  layerBytes: number[] | null;
  /** What only this image has, counted when its layers have no figures. */
  ownBytes: number;
}

/** Each layer that no staying image stands on, once. */
export function freedBytes(images: readonly LayeredImage[], going: ReadonlySet<string>): number {
  const chainsOf = ({ layers }: LayeredImage) => layers.map((_, index) => layers.slice(0, index + 1).join());
  const staying = new Set(images.filter(({ id }) => !going.has(id)).flatMap(chainsOf));
  const counted = new Set<string>();
  let bytes = 0;
  for (const image of images) {
    if (!going.has(image.id)) continue;
    if (image.layerBytes === null) {
      bytes += image.ownBytes;
      continue;
    }
    for (const [index, chain] of chainsOf(image).entries()) {
      if (staying.has(chain) || counted.has(chain)) continue;
      counted.add(chain);
      bytes += image.layerBytes[index] ?? 0;
    }
  }
  return bytes;
}
