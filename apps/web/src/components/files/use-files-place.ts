'use client';
import { usePathname, useSearchParams } from 'next/navigation';
import { readPath } from '@/format/file-path.ts';

export interface FilesPlace {
  /** The directory that is shown. */
  path: string;
  /** The file in it that is open. */
  open: string | null;
}

/** The URL is the state: a directory can be linked, and the back button goes back one step. */
export function useFilesPlace(): [FilesPlace, (place: FilesPlace) => void] {
  const search = useSearchParams();
  const pathname = usePathname();
  const go = ({ path, open }: FilesPlace) => {
    const query = new URLSearchParams(search);
    query.set('path', path);
    if (open === null) query.delete('open');
    else query.set('open', open);
    window.history.pushState(null, '', `${pathname}?${query}`);
  };
  const open = search.get('open');
  return [{ path: readPath(search.get('path')), open: open?.includes('/') ? null : open || null }, go];
}
