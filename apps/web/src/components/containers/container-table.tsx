'use client';
import type { ContainerStats } from '@berth/shared/protocol/stats-fields';
import { useTranslations } from 'next-intl';
import { SelectableHead } from '@/components/ui/selectable-head.tsx';
import { withChosen } from '@/components/ui/with-chosen.ts';
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

const downFirst: readonly SortKey[] = ['cpu', 'memory', 'created'];

export function ContainerTable(props: ContainerTableProps) {
  const { rows, filter, setFilter, selected, setSelected, statsOf, mutations, showHost } = props;
  const t = useTranslations('containers');
  const chosenCount = rows.filter((row) => selected.has(row.id)).length;
  return (
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
        onSelectAll={(chosen) => setSelected(new Set(chosen ? rows.map((row) => row.id) : []))}
      >
        <th scope="col" className="hidden px-3 font-medium lg:table-cell">
          {t('columns.ports')}
        </th>
        <th scope="col" className="w-12 sm:w-24">
          <span className="sr-only">{t('columns.actions')}</span>
        </th>
      </SelectableHead>
      <tbody>
        {rows.map((container) => (
          <ContainerRow
            key={container.id}
            container={container}
            stats={statsOf(container)}
            selected={selected.has(container.id)}
            onSelect={(chosen) => setSelected(withChosen(selected, container.id, chosen))}
            mutations={mutations}
            showHost={showHost}
          />
        ))}
      </tbody>
    </table>
  );
}
