import type { ImageView } from '@/server/views.ts';
import { imageName } from './image-names.ts';

export const imageSortKeys = ['name', 'host', 'size', 'shared', 'created', 'containers'] as const;
export type ImageSortKey = (typeof imageSortKeys)[number];
export const useFilters = ['all', 'used', 'unused', 'dangling', 'newer'] as const;
export type UseFilter = (typeof useFilters)[number];

export interface ImageFilter {
  search: string;
  use: UseFilter;
  hostId: string;
  sort: ImageSortKey;
  descending: boolean;
}

/** The filter as the URL has it; whatever the URL cannot mean falls back to the default: the newest first. */
export function parseImageFilter(parameters: { get: (name: string) => string | null }): ImageFilter {
  const sort = parameters.get('sort') ?? '-created';
  const key = sort.replace(/^-/, '');
  return {
    search: parameters.get('q') ?? '',
    use: useFilters.find((use) => use === parameters.get('use')) ?? 'all',
    hostId: parameters.get('host') ?? '',
    sort: imageSortKeys.find((known) => known === key) ?? 'created',
    descending: sort.startsWith('-'),
  };
}

/** Only what differs from the default, so that a plain list has a plain address. */
export function imageFilterQuery(filter: ImageFilter): string {
  const query = new URLSearchParams();
  if (filter.search) query.set('q', filter.search);
  if (filter.use !== 'all') query.set('use', filter.use);
  if (filter.hostId) query.set('host', filter.hostId);
  const sort = `${filter.descending ? '-' : ''}${filter.sort}`;
  if (sort !== '-created') query.set('sort', sort);
  return query.toString();
}

/** Every word of the search must be found somewhere in the image. */
export function filterImages(images: readonly ImageView[], filter: ImageFilter): ImageView[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  return images.filter((image) => {
    if (filter.hostId && image.hostId !== filter.hostId) return false;
    if (!fitsUse(image, filter.use)) return false;
    if (words.length === 0) return true;
    const labels = Object.entries(image.labels).map(([name, value]) => `${name}=${value}`);
    const text = [...image.repoTags, ...image.repoDigests, image.id, image.hostName, ...labels]
      .join('\n')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function fitsUse(image: ImageView, use: UseFilter): boolean {
  switch (use) {
    case 'all':
      return true;
    case 'used':
      return image.containers > 0;
    case 'unused':
      return image.containers === 0;
    case 'dangling':
      return image.repoTags.length === 0;
    case 'newer':
      return image.newerTags.length > 0;
  }
}

/** Equal rows keep the order of their names, so that the list does not dance. */
export function sortImages(images: readonly ImageView[], { sort, descending }: ImageFilter): ImageView[] {
  const direction = descending ? -1 : 1;
  const keyOf = (image: ImageView): string | number => {
    switch (sort) {
      // What dangles has no name to be found under: it comes last.
      case 'name':
        return image.repoTags[0] ?? '\uffff';
      case 'host':
        return image.hostName;
      case 'size':
        return image.sizeBytes;
      case 'shared':
        return image.sharedBytes;
      case 'created':
        return image.createdAt;
      case 'containers':
        return image.containers;
    }
  };
  return [...images].sort(
    (a, b) =>
      direction * compare(keyOf(a), keyOf(b)) || compare(imageName(a), imageName(b)) || compare(a.hostId, b.hostId),
  );
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}
