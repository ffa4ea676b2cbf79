'use client';
import { useTranslations } from 'next-intl';
import { HostFilter } from '@/components/hosts/host-filter.tsx';
import { ChoiceBar } from '@/components/ui/choice-bar.tsx';
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
      <ChoiceBar
        label={t('filterState')}
        choices={stateFilters.map((state) => ({
          value: state,
          label: t(`filters.${state}`),
          count: filterContainers(containers, { ...filter, state }).length,
        }))}
        chosen={filter.state}
        onChoose={(state) => onChange({ state })}
      />
      <HostFilter hosts={hosts} hostId={filter.hostId} onChange={(hostId) => onChange({ hostId })} />
    </search>
  );
}
