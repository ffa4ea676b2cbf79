'use client';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { SelectableHead } from '@/components/ui/selectable-head.tsx';
import { withChosen } from '@/components/ui/with-chosen.ts';
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

const downFirst: readonly ImageSortKey[] = ['size', 'shared', 'created', 'containers'];

export function ImageTable(props: ImageTableProps) {
  const { rows, filter, setFilter, selected, setSelected, showHost, remove } = props;
  const t = useTranslations('images');
  const [asked, setAsked] = useState<ImageView | null>(null);
  const [open, setOpen] = useState(false);
  const chosenCount = rows.filter((row) => selected.has(rowKey(row))).length;
  return (
    <>
      <table className="w-full table-fixed border-collapse text-left sm:table-auto">
        <SelectableHead
          columns={columns
            .filter(({ key }) => key !== 'host' || showHost)
            .map((column) => ({ ...column, label: t(`columns.${column.key}`) }))}
          order={filter}
          onOrder={setFilter}
          downFirst={downFirst}
          selectAllLabel={t('selectAll')}
          rowCount={rows.length}
          chosenCount={chosenCount}
          onSelectAll={(chosen) => setSelected(new Set(chosen ? rows.map(rowKey) : []))}
        >
          <th scope="col" className="w-12 sm:w-24">
            <span className="sr-only">{t('columns.actions')}</span>
          </th>
        </SelectableHead>
        <tbody>
          {rows.map((image) => (
            <ImageRow
              key={rowKey(image)}
              image={image}
              showHost={showHost}
              selected={selected.has(rowKey(image))}
              onSelect={(chosen) => setSelected(withChosen(selected, rowKey(image), chosen))}
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
