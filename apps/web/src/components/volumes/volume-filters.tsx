'use client';
import { Search } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { classNames } from '@/components/ui/class-names.ts';
import type { VolumeView } from '@/server/views.ts';
import { filterVolumes, usageFilters, type VolumeFilter } from './filter-volumes.ts';

interface VolumeFiltersProps {
  filter: VolumeFilter;
  onChange: (change: Partial<VolumeFilter>) => void;
  hosts: { id: string; name: string }[];
  volumes: VolumeView[];
}

export function VolumeFilters({ filter, onChange, hosts, volumes }: VolumeFiltersProps) {
  const t = useTranslations('volumes');
  return (
    <search className="mb-3 flex flex-wrap items-center gap-2">
      <div className="relative w-full sm:w-72">
        <Search
          aria-hidden
          className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-faint"
        />
        <input
          type="search"
          aria-label={t('search')}
          placeholder={t('searchPlaceholder')}
          value={filter.search}
          onChange={(event) => onChange({ search: event.target.value })}
          className="input pl-8.5"
        />
      </div>
      <fieldset
        aria-label={t('filterUsage')}
        className="flex w-full overflow-x-auto rounded-md border border-line-strong bg-surface p-0.5 shadow-card sm:w-auto"
      >
        {usageFilters.map((usage) => (
          <button
            key={usage}
            type="button"
            aria-pressed={filter.usage === usage}
            onClick={() => onChange({ usage })}
            className={classNames(
              'flex h-11 flex-1 flex-col items-center justify-center whitespace-nowrap rounded-sm px-1 font-medium text-muted text-sm hover:text-ink sm:h-7 sm:flex-row sm:gap-1.5 sm:px-2.5',
              filter.usage === usage && 'bg-accent-soft text-accent hover:text-accent',
            )}
          >
            {t(`filters.${usage}`)}
            <span className="text-xs opacity-75">{filterVolumes(volumes, { ...filter, usage }).length}</span>
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
