'use client';
import type { ContainerStats } from '@berth/shared/protocol/stats-fields';
import { useTranslations } from 'next-intl';
import { Checkbox } from '@/components/ui/checkbox.tsx';
import { SortHeader } from '@/components/ui/sort-header.tsx';
import type { ContainerView } from '@/server/views.ts';
import { ContainerRow } from './container-row.tsx';
import type { ContainerMutations } from './container-types.ts';
import type { ContainerFilter, SortKey } from './filter-containers.ts';

interface ContainerTableProps {
  rows: ContainerView[];
  filter: ContainerFilter;
  setFilter: (change: Partial<ContainerFilter>) => void;
  selected: ReadonlySet<string>;
  setSelected: (selected: ReadonlySet<string>) => void;
  statsOf: (container: ContainerView) => ContainerStats | null;
  mutations: ContainerMutations;
  showHost: boolean;
}

const columns: { key: SortKey; className?: string }[] = [
  { key: 'name' },
  { key: 'state', className: 'w-29 sm:w-auto' },
  { key: 'image', className: 'hidden lg:table-cell' },
  { key: 'host', className: 'hidden xl:table-cell' },
  { key: 'cpu', className: 'hidden md:table-cell text-right' },
  { key: 'memory', className: 'hidden md:table-cell text-right' },
];

/** Figures start with their largest value, words with A. */
const downFirst: readonly SortKey[] = ['cpu', 'memory', 'created'];

export function ContainerTable(props: ContainerTableProps) {
  const { rows, filter, setFilter, selected, setSelected, statsOf, mutations, showHost } = props;
  const t = useTranslations('containers');
  const chosenCount = rows.filter((row) => selected.has(row.id)).length;
  const toggle = (id: string, chosen: boolean) => {
    const next = new Set(selected);
    if (chosen) next.add(id);
    else next.delete(id);
    setSelected(next);
  };
  const sortBy = (key: SortKey) =>
    setFilter(
      key === filter.sort ? { descending: !filter.descending } : { sort: key, descending: downFirst.includes(key) },
    );
  return (
    <table className="w-full table-fixed border-collapse text-left sm:table-auto">
      <thead>
        <tr className="border-line border-b bg-raised/60 text-muted text-xs">
          <th scope="col" className="w-9 py-2 pl-3 align-middle sm:w-10 sm:pl-4">
            <Checkbox
              label={t('selectAll')}
              checked={chosenCount > 0 && chosenCount === rows.length}
              indeterminate={chosenCount > 0 && chosenCount < rows.length}
              onChange={(chosen) => setSelected(new Set(chosen ? rows.map((row) => row.id) : []))}
            />
          </th>
          {columns
            .filter((column) => column.key !== 'host' || showHost)
            .map((column) => (
              <SortHeader
                key={column.key}
                label={t(`columns.${column.key}`)}
                active={filter.sort === column.key}
                descending={filter.descending}
                onSort={() => sortBy(column.key)}
                className={column.className}
              />
            ))}
          <th scope="col" className="hidden px-3 font-medium lg:table-cell">
            {t('columns.ports')}
          </th>
          <th scope="col" className="w-12 sm:w-24">
            <span className="sr-only">{t('columns.actions')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((container) => (
          <ContainerRow
            key={container.id}
            container={container}
            stats={statsOf(container)}
            selected={selected.has(container.id)}
            onSelect={(chosen) => toggle(container.id, chosen)}
            mutations={mutations}
            showHost={showHost}
          />
        ))}
      </tbody>
    </table>
  );
}
