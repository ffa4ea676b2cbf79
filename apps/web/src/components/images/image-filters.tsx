'use client';
import { useTranslations } from 'next-intl';
import { HostFilter } from '@/components/hosts/host-filter.tsx';
import { ChoiceBar } from '@/components/ui/choice-bar.tsx';
import { SearchField } from '@/components/ui/search-field.tsx';
import type { ImageView } from '@/server/views.ts';
import { filterImages, type ImageFilter, useFilters } from './filter-images.ts';

interface ImageFiltersProps {
  filter: ImageFilter;
  onChange: (change: Partial<ImageFilter>) => void;
  hosts: { id: string; name: string }[];
  images: ImageView[];
}

export function ImageFilters({ filter, onChange, hosts, images }: ImageFiltersProps) {
  const t = useTranslations('images');
  return (
    <search className="mb-3 flex flex-wrap items-center gap-2">
      <SearchField
        label={t('search')}
        placeholder={t('searchPlaceholder')}
        value={filter.search}
        onChange={(search) => onChange({ search })}
      />
      <ChoiceBar
        label={t('filterUse')}
        choices={useFilters.map((use) => ({
          value: use,
          label: t(`filters.${use}`),
          count: filterImages(images, { ...filter, use }).length,
        }))}
        chosen={filter.use}
        onChoose={(use) => onChange({ use })}
      />
      <HostFilter hosts={hosts} hostId={filter.hostId} onChange={(hostId) => onChange({ hostId })} />
    </search>
  );
}
