'use client';
import { useTranslations } from 'next-intl';
import { classNames } from '@/components/ui/class-names.ts';
import { SearchField } from '@/components/ui/search-field.tsx';
import type { ContainerView } from '@/server/views.ts';
import { type ContainerFilter, filterContainers, stateFilters } from './filter-containers.ts';

interface ContainerFiltersProps {
  filter: ContainerFilter;
  onChange: (change: Partial<ContainerFilter>) => void;
  hosts: { id: string; name: string }[];
  containers: ContainerView[];
}

export function ContainerFilters({ filter, onChange, hosts, containers }: ContainerFiltersProps) {
  const t = useTranslations('containers');
  return (
    <search className="mb-3 flex flex-wrap items-center gap-2">
      <SearchField
        label={t('search')}
        placeholder={t('searchPlaceholder')}
        value={filter.search}
        onChange={(search) => onChange({ search })}
      />
      <fieldset
        aria-label={t('filterState')}
        className="flex w-full overflow-x-auto rounded-md border border-line-strong bg-surface p-0.5 shadow-card sm:w-auto"
      >
        {stateFilters.map((state) => (
          <button
            key={state}
            type="button"
            aria-pressed={filter.state === state}
            onClick={() => onChange({ state })}
            className={classNames(
              'flex h-11 flex-1 flex-col items-center justify-center whitespace-nowrap rounded-sm px-1 font-medium text-muted text-sm hover:text-ink sm:h-7 sm:flex-row sm:gap-1.5 sm:px-2.5',
              filter.state === state && 'bg-accent-soft text-accent hover:text-accent',
            )}
          >
            {t(`filters.${state}`)}
            <span className="text-xs opacity-75">{filterContainers(containers, { ...filter, state }).length}</span>
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
