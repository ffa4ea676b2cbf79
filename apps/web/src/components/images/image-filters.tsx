'use client';
import { useTranslations } from 'next-intl';
import { classNames } from '@/components/ui/class-names.ts';
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
      <fieldset
        aria-label={t('filterUse')}
        className="flex w-full overflow-x-auto rounded-md border border-line-strong bg-surface p-0.5 shadow-card sm:w-auto"
      >
        {useFilters.map((use) => (
          <button
            key={use}
            type="button"
            aria-pressed={filter.use === use}
            onClick={() => onChange({ use })}
            className={classNames(
              'flex h-11 flex-1 flex-col items-center justify-center whitespace-nowrap rounded-sm px-1.5 font-medium text-muted text-xs hover:text-ink sm:h-7 sm:flex-row sm:gap-1.5 sm:px-2.5 sm:text-sm',
              filter.use === use && 'bg-accent-soft text-accent hover:text-accent',
            )}
          >
            {t(`filters.${use}`)}
            <span className="text-xs opacity-75">{filterImages(images, { ...filter, use }).length}</span>
          </button>
        ))}
      </fieldset>
      {hosts.length > 1 && (
        <select
          aria-label={t('filterHost')}
          value={filter.hostId}
          onChange={(event) => onChange({ hostId: event.target.value })}
          className="input w-auto max-w-full pr-7 shadow-card"
        >
          <option value="">{t('allHosts')}</option>
          {hosts.map((host) => (
            <option key={host.id} value={host.id}>
              {host.name}
            </option>
          ))}
        </select>
      )}
    </search>
  );
}
