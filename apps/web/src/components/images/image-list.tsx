'use client';
import { Layers, SearchX } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Button } from '@/components/ui/button.tsx';
import { Card } from '@/components/ui/card.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { useUrlFilter } from '@/components/ui/use-url-filter.ts';
import type { ImageView } from '@/server/views.ts';
import { filterImages, imageFilterQuery, parseImageFilter, sortImages } from './filter-images.ts';
import { ImageBulkBar } from './image-bulk-bar.tsx';
import { ImageFilters } from './image-filters.tsx';
import { rowKey } from './image-names.ts';
import { ImageTable } from './image-table.tsx';
import type { HostChoice, ImageMutations } from './image-types.ts';

interface ImageListProps {
  images: ImageView[];
  hosts: HostChoice[];
  mutations: Pick<ImageMutations, 'remove' | 'removeSeveral'>;
}

const rowsAtFirst = 200;

export function ImageList({ images, hosts, mutations }: ImageListProps) {
  const t = useTranslations('images');
  const [filter, setFilter] = useUrlFilter(parseImageFilter, imageFilterQuery);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [rowsMax, setRowsMax] = useState(rowsAtFirst);
  const found = sortImages(filterImages(images, filter), filter);
  const rows = found.slice(0, rowsMax);
  const chosen = found.filter((image) => selected.has(rowKey(image)));

  if (images.length === 0) {
    return (
      <Card>
        <EmptyState icon={Layers} title={t('empty')}>
          {t('emptyText')}
        </EmptyState>
      </Card>
    );
  }
  return (
    <>
      <ImageFilters filter={filter} onChange={setFilter} hosts={hosts} images={images} />
      {chosen.length > 0 && (
        <ImageBulkBar chosen={chosen} removeSeveral={mutations.removeSeveral} onClear={() => setSelected(new Set())} />
      )}
      <Card className="overflow-hidden">
        {found.length === 0 ? (
          <EmptyState
            icon={SearchX}
            title={t('noneFound')}
            action={
              <Button onClick={() => setFilter({ search: '', use: 'all', hostId: '' })}>{t('clearFilters')}</Button>
            }
          >
            {t('noneFoundText')}
          </EmptyState>
        ) : (
          <ImageTable
            {...{ rows, filter, setFilter, selected, setSelected }}
            showHost={hosts.length > 1}
            remove={mutations.remove}
          />
        )}
      </Card>
      {found.length > rows.length && (
        <div className="mt-3 flex justify-center">
          <Button onClick={() => setRowsMax(found.length)}>{t('showAll', { count: found.length })}</Button>
        </div>
      )}
    </>
  );
}
