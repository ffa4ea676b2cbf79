'use client';
import { usePathname, useSearchParams } from 'next/navigation';
import { type ImageFilter, imageFilterQuery, parseImageFilter } from './filter-images.ts';

/** The URL is the state: a filtered list can be shared, and the back button leaves the page, not the filter. */
export function useImageFilter(): [ImageFilter, (change: Partial<ImageFilter>) => void] {
  const filter = parseImageFilter(useSearchParams());
  const pathname = usePathname();
  const change = (part: Partial<ImageFilter>) => {
    const query = imageFilterQuery({ ...filter, ...part });
    window.history.replaceState(null, '', query ? `${pathname}?${query}` : pathname);
  };
  return [filter, change];
}
