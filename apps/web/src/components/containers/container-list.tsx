'use client';
import { Box, SearchX } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useNewestStats } from '@/components/live/use-newest-stats.ts';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { Card } from '@/components/ui/card.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { useUrlFilter } from '@/components/ui/use-url-filter.ts';
import type { ContainerView } from '@/server/views.ts';
import { BulkBar } from './bulk-bar.tsx';
import { ContainerFilters } from './container-filters.tsx';
import { ContainerTable } from './container-table.tsx';
import type { BulkActionName, BulkOutcome, ContainerMutations, ContainerTarget } from './container-types.ts';
import { filterContainers, filterQuery, parseFilter, sortContainers } from './filter-containers.ts';
import { isAlive } from './possible-actions.ts';

interface ContainerListProps {
  containers: ContainerView[];
  hosts: { id: string; name: string }[];
  mutations: ContainerMutations;
  bulk: (action: BulkActionName, targets: ContainerTarget[]) => Promise<BulkOutcome[]>;
}

const rowsAtFirst = 200;

export function ContainerList({ containers, hosts, mutations, bulk }: ContainerListProps) {
  const t = useTranslations('containers');
  const [filter, setFilter] = useUrlFilter(parseFilter, filterQuery);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [rowsMax, setRowsMax] = useState(rowsAtFirst);
  const newest = useNewestStats();
  const statsOf = (container: ContainerView) =>
    container.hostState === 'online' && isAlive(container.state)
      ? (newest.containers.get(`${container.hostId}/${container.id}`) ?? container.stats)
      : null;
  const found = sortContainers(filterContainers(containers, filter), filter, statsOf);
  const rows = found.slice(0, rowsMax);
  const chosen = found.filter((container) => selected.has(container.id));

  if (containers.length === 0) return <NoContainers />;
  return (
    <>
      <ContainerFilters filter={filter} onChange={setFilter} hosts={hosts} containers={containers} />
      {chosen.length > 0 && <BulkBar chosen={chosen} bulk={bulk} onClear={() => setSelected(new Set())} />}
      <Card className="overflow-hidden">
        {found.length === 0 ? (
          <EmptyState
            icon={SearchX}
            title={t('noneFound')}
            action={
              <Button onClick={() => setFilter({ search: '', state: 'all', hostId: '' })}>{t('clearFilters')}</Button>
            }
          >
            {t('noneFoundText')}
          </EmptyState>
        ) : (
          <ContainerTable
            {...{ rows, filter, setFilter, selected, setSelected, statsOf, mutations }}
            showHost={hosts.length > 1}
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

function NoContainers() {
  const t = useTranslations('containers');
  return (
    <Card>
      <EmptyState
        icon={Box}
        title={t('empty')}
        action={
          <Link href="/containers/new" className={buttonClass({ variant: 'primary' })}>
            {t('create')}
          </Link>
        }
      >
        {t('emptyText')}
      </EmptyState>
    </Card>
  );
}
