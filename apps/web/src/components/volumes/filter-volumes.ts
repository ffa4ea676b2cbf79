import type { VolumeView } from '@/server/views.ts';

export const usageFilters = ['all', 'used', 'unused', 'anonymous'] as const;
export type UsageFilter = (typeof usageFilters)[number];

export interface VolumeFilter {
  search: string;
  usage: UsageFilter;
  hostId: string;
}

/** The filter as the URL has it; whatever the URL cannot mean falls back to the default. */
export function parseFilter(parameters: { get: (name: string) => string | null }): VolumeFilter {
  return {
    search: parameters.get('q') ?? '',
    usage: usageFilters.find((usage) => usage === parameters.get('use')) ?? 'all',
    hostId: parameters.get('host') ?? '',
  };
}

export function filterQuery({ search, usage, hostId }: VolumeFilter): string {
  const query = new URLSearchParams();
  if (search) query.set('q', search);
  if (usage !== 'all') query.set('use', usage);
  if (hostId) query.set('host', hostId);
  return query.toString();
}

type Listed = Pick<VolumeView, 'hostId' | 'hostName' | 'name' | 'driver' | 'labels' | 'isAnonymous' | 'users'>;

/** Every word of the search must be found somewhere: in the name, a label, the host's name or a container's that uses it. */
export function filterVolumes<T extends Listed>(volumes: readonly T[], filter: VolumeFilter): T[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  return volumes.filter((volume) => {
    if (filter.hostId && volume.hostId !== filter.hostId) return false;
    if (!matchesUsage(volume, filter.usage)) return false;
    const labels = Object.entries(volume.labels).map(([name, value]) => `${name}=${value}`);
    const text = [volume.name, volume.hostName, volume.driver, ...labels, ...volume.users.map(({ name }) => name)]
      .join('\n')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function matchesUsage({ users, isAnonymous }: Listed, usage: UsageFilter): boolean {
  switch (usage) {
    case 'all':
      return true;
    case 'used':
      return users.length > 0;
    case 'unused':
      return users.length === 0;
    case 'anonymous':
      return isAnonymous;
  }
}

/** What a prune would take: nobody has it, and unless `named` is wanted, nobody named it. */
export function prunable<T extends Listed>(
  volumes: readonly T[],
  { hostId, named }: { hostId: string; named: boolean },
) {
  return volumes.filter(
    (volume) => volume.hostId === hostId && volume.users.length === 0 && (named || volume.isAnonymous),
  );
}
