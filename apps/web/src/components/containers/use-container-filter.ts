'use client';
import { usePathname, useSearchParams } from 'next/navigation';
import { type ContainerFilter, filterQuery, parseFilter } from './filter-containers.ts';

/** The URL is the state: a filtered list can be shared, and the back button leaves the page, not the filter. */
export function useContainerFilter(): [ContainerFilter, (change: Partial<ContainerFilter>) => void] {
  const filter = parseFilter(useSearchParams());
  const pathname = usePathname();
  const change = (part: Partial<ContainerFilter>) => {
    const query = filterQuery({ ...filter, ...part });
    window.history.replaceState(null, '', query ? `${pathname}?${query}` : pathname);
  };
  return [filter, change];
}
