'use client';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Checkbox } from '@/components/ui/checkbox.tsx';
import { SortHeader } from '@/components/ui/sort-header.tsx';
import type { ImageView } from '@/server/views.ts';
import type { ImageFilter, ImageSortKey } from './filter-images.ts';
import { rowKey } from './image-names.ts';
import { ImageRow } from './image-row.tsx';
import type { RemoveImage } from './image-types.ts';
import { RemoveImageDialog } from './remove-image-dialog.tsx';

interface ImageTableProps {
  rows: ImageView[];
  filter: ImageFilter;
  setFilter: (change: Partial<ImageFilter>) => void;
  selected: ReadonlySet<string>;
  setSelected: (selected: ReadonlySet<string>) => void;
  showHost: boolean;
  remove: RemoveImage;
}

const columns: { key: ImageSortKey; className?: string }[] = [
  { key: 'name' },
  { key: 'host', className: 'hidden md:table-cell' },
  { key: 'size', className: 'w-24 text-right sm:w-auto' },
  { key: 'shared', className: 'hidden text-right lg:table-cell' },
  { key: 'created', className: 'hidden md:table-cell' },
  { key: 'containers', className: 'hidden text-right sm:table-cell' },
];

/** Figures start with their largest value, words with A. */
const downFirst: readonly ImageSortKey[] = ['size', 'shared', 'created', 'containers'];

export function ImageTable(props: ImageTableProps) {
  const { rows, filter, setFilter, selected, setSelected, showHost, remove } = props;
  const t = useTranslations('images');
  const [asked, setAsked] = useState<ImageView | null>(null);
  const [open, setOpen] = useState(false);
  const chosenCount = rows.filter((row) => selected.has(rowKey(row))).length;
  const toggle = (key: string, chosen: boolean) => {
    const next = new Set(selected);
    if (chosen) next.add(key);
    else next.delete(key);
    setSelected(next);
  };
  const sortBy = (key: ImageSortKey) =>
    setFilter(
      key === filter.sort ? { descending: !filter.descending } : { sort: key, descending: downFirst.includes(key) },
    );
  return (
    <>
      <table className="w-full table-fixed border-collapse text-left sm:table-auto">
        <thead>
          <tr className="border-line border-b bg-raised/60 text-muted text-xs">
            <th scope="col" className="w-9 py-2 pl-3 align-middle sm:w-10 sm:pl-4">
              <Checkbox
                label={t('selectAll')}
                checked={chosenCount > 0 && chosenCount === rows.length}
                indeterminate={chosenCount > 0 && chosenCount < rows.length}
                onChange={(chosen) => setSelected(new Set(chosen ? rows.map(rowKey) : []))}
              />
            </th>
            {columns
              .filter((column) => column.key !== 'host' || showHost)
              .map(({ key, className }) => (
                <SortHeader
                  key={key}
                  label={t(`columns.${key}`)}
                  active={filter.sort === key}
                  descending={filter.descending}
                  onSort={() => sortBy(key)}
                  className={className}
                />
              ))}
            <th scope="col" className="w-12 sm:w-24">
              <span className="sr-only">{t('columns.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((image) => (
            <ImageRow
              key={rowKey(image)}
              image={image}
              showHost={showHost}
              selected={selected.has(rowKey(image))}
              onSelect={(chosen) => toggle(rowKey(image), chosen)}
              onRemove={() => {
                setAsked(image);
                setOpen(true);
              }}
            />
          ))}
        </tbody>
      </table>
      {asked && <RemoveImageDialog image={asked} open={open} onOpenChange={setOpen} remove={remove} />}
    </>
  );
}
