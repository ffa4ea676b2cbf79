import type { ContainerStats } from '@berth/shared/protocol/stats-fields';
import type { ContainerState, ContainerView } from '@/server/views.ts';

export const sortKeys = ['name', 'state', 'image', 'host', 'cpu', 'memory', 'created'] as const;
export type SortKey = (typeof sortKeys)[number];
export const stateFilters = ['all', 'running', 'stopped', 'paused'] as const;
export type StateFilter = (typeof stateFilters)[number];

export interface ContainerFilter {
  search: string;
  state: StateFilter;
  hostId: string;
  sort: SortKey;
  descending: boolean;
}

/** The filter as the URL has it; whatever the URL cannot mean falls back to the default. */
export function parseFilter(parameters: { get: (name: string) => string | null }): ContainerFilter {
  const sort = parameters.get('sort') ?? '';
  const key = sort.replace(/^-/, '');
  return {
    search: parameters.get('q') ?? '',
    state: stateFilters.find((state) => state === parameters.get('state')) ?? 'all',
    hostId: parameters.get('host') ?? '',
    sort: sortKeys.find((known) => known === key) ?? 'name',
    descending: sort.startsWith('-'),
  };
}

/** Only what differs from the default, so that a plain list has a plain address. */
export function filterQuery(filter: ContainerFilter): string {
  const query = new URLSearchParams();
  if (filter.search) query.set('q', filter.search);
  if (filter.state !== 'all') query.set('state', filter.state);
  if (filter.hostId) query.set('host', filter.hostId);
  if (filter.sort !== 'name' || filter.descending) query.set('sort', `${filter.descending ? '-' : ''}${filter.sort}`);
  return query.toString();
}

type Listed = Pick<
  ContainerView,
  'id' | 'name' | 'image' | 'command' | 'state' | 'hostId' | 'hostName' | 'createdAt' | 'labels'
>;

/** Every word of the search must be found somewhere in the container. */
export function filterContainers<T extends Listed>(containers: readonly T[], filter: ContainerFilter): T[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  return containers.filter((container) => {
    if (filter.hostId && container.hostId !== filter.hostId) return false;
    if (!matchesState(container.state, filter.state)) return false;
    if (words.length === 0) return true;
    const labels = Object.entries(container.labels).map(([name, value]) => `${name}=${value}`);
    const text = [container.name, container.image, container.command, container.hostName, container.id, ...labels]
      .join('\n')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function matchesState(state: ContainerState, filter: StateFilter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'running':
      return state === 'running' || state === 'restarting';
    case 'paused':
      return state === 'paused';
    case 'stopped':
      return state === 'exited' || state === 'created' || state === 'dead';
  }
}

const stateOrder: ContainerState[] = ['running', 'restarting', 'paused', 'created', 'exited', 'removing', 'dead'];

type StatsOf<T> = (container: T) => ContainerStats | null;

/** Live columns sort by `statsOf`; equal rows keep the order of their names, so that the list does not dance. */
export function sortContainers<T extends Listed>(
  containers: readonly T[],
  filter: ContainerFilter,
  statsOf: StatsOf<T>,
): T[] {
  const direction = filter.descending ? -1 : 1;
  const keyOf = (container: T): string | number => {
    switch (filter.sort) {
      case 'name':
        return container.name;
      case 'state':
        return stateOrder.indexOf(container.state);
      case 'image':
        return container.image;
      case 'host':
        return container.hostName;
      case 'cpu':
        return statsOf(container)?.cpuCores ?? -1;
      case 'memory':
        return statsOf(container)?.memoryBytes ?? -1;
      case 'created':
        return container.createdAt;
    }
  };
  return [...containers].sort(
    (a, b) => direction * compare(keyOf(a), keyOf(b)) || compare(a.name, b.name) || compare(a.id, b.id),
  );
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}
