import type { FileEntry } from '@berth/shared/berth/files';

export const entrySorts = ['name', 'size', 'modified'] as const;
export type EntrySort = (typeof entrySorts)[number];

export interface Arrangement {
  search: string;
  sort: EntrySort;
  descending: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Directories come first, whatever the order; equal entries keep that of their names. */
export function arrangeEntries(entries: readonly FileEntry[], { search, sort, descending }: Arrangement): FileEntry[] {
  const wanted = search.toLowerCase();
  const direction = descending ? -1 : 1;
  const byName = (a: FileEntry, b: FileEntry) => collator.compare(a.Name, b.Name) || (a.Name < b.Name ? -1 : 1);
  const compare = (a: FileEntry, b: FileEntry): number => {
    switch (sort) {
      case 'name':
        return byName(a, b);
      case 'size':
        return a.Size - b.Size;
      case 'modified':
        return modifiedMs(a) - modifiedMs(b);
    }
  };
  return entries
    .filter(({ Name }) => Name.toLowerCase().includes(wanted))
    .sort(
      (a, b) =>
        Number(b.Type === 'directory') - Number(a.Type === 'directory') || direction * compare(a, b) || byName(a, b),
    );
}

/** Of a date that is none, the beginning. */
export function modifiedMs({ ModTime }: FileEntry): number {
  return Date.parse(ModTime) || 0;
}
