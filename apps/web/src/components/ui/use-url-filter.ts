'use client';
import { usePathname, useSearchParams } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';

/**
 * A list's filter, kept in the address as well: a filtered list can be shared, and the back button leaves the page, not
 * the filter. What is typed counts at once; the router takes the address over in its own time, and while it does (it may
 * be refreshing the page) what it says is older than what was typed.
 */
export function useUrlFilter<Filter extends object>(
  parse: (parameters: { get: (name: string) => string | null }) => Filter,
  queryOf: (filter: Filter) => string,
): [Filter, (change: Partial<Filter>) => void] {
  const parameters = useSearchParams().toString();
  const pathname = usePathname();
  const [filter, setFilter] = useState(() => parse(new URLSearchParams(parameters)));
  const latest = useRef(filter);
  /** Ours, until the router has it. */
  const awaited = useRef<string | null>(null);

  const take = (next: Filter) => {
    latest.current = next;
    setFilter(next);
  };
  useEffect(() => {
    if (awaited.current === null) take(parse(new URLSearchParams(parameters)));
    else if (awaited.current === parameters) awaited.current = null;
  }, [parameters]);

  const change = (part: Partial<Filter>) => {
    const next = { ...latest.current, ...part };
    const query = queryOf(next);
    awaited.current = query === parameters ? null : query;
    take(next);
    window.history.replaceState(null, '', query ? `${pathname}?${query}` : pathname);
  };
  return [filter, change];
}
