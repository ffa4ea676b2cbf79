'use client';
import { useTranslations } from 'next-intl';
import { HostFilter } from '@/components/hosts/host-filter.tsx';
import { ChoiceBar } from '@/components/ui/choice-bar.tsx';
import { SearchField } from '@/components/ui/search-field.tsx';
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
      <SearchField
        label={t('search')}
        placeholder={t('searchPlaceholder')}
        value={filter.search}
        onChange={(search) => onChange({ search })}
      />
      <ChoiceBar
        label={t('filterUsage')}
        choices={usageFilters.map((usage) => ({
          value: usage,
          label: t(`filters.${usage}`),
          count: filterVolumes(volumes, { ...filter, usage }).length,
        }))}
        chosen={filter.usage}
        onChoose={(usage) => onChange({ usage })}
      />
      <HostFilter hosts={hosts} hostId={filter.hostId} onChange={(hostId) => onChange({ hostId })} />
    </search>
  );
}
