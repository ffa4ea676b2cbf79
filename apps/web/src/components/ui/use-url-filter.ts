'use client';
import { usePathname, useSearchParams } from 'next/navigation';

/**
 * A list's filter with the URL as its state: a filtered list can be shared, and the back button leaves the page, not the
 * filter. A change begins from the address as it is by then, since what is shown may be a moment behind it.
 */
export function useUrlFilter<Filter extends object>(
  parse: (parameters: { get: (name: string) => string | null }) => Filter,
  queryOf: (filter: Filter) => string,
): [Filter, (change: Partial<Filter>) => void] {
  const filter = parse(useSearchParams());
  const pathname = usePathname();
  const change = (part: Partial<Filter>) => {
    const query = queryOf({ ...parse(new URLSearchParams(window.location.search)), ...part });
    window.history.replaceState(null, '', query ? `${pathname}?${query}` : pathname);
  };
  return [filter, change];
}
