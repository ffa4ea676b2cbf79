'use client';
import { HardDrive, SearchX } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { Card } from '@/components/ui/card.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { useUrlFilter } from '@/components/ui/use-url-filter.ts';
import type { VolumeView } from '@/server/views.ts';
import { filterQuery, filterVolumes, parseFilter } from './filter-volumes.ts';
import { PruneDialog } from './prune-dialog.tsx';
import { RemoveVolumeDialog } from './remove-volume-dialog.tsx';
import { useVolumeSizes } from './use-volume-sizes.ts';
import { VolumeFilters } from './volume-filters.tsx';
import { VolumeTable } from './volume-table.tsx';
import type { VolumeMutations } from './volume-types.ts';

interface VolumeListProps {
  volumes: VolumeView[];
  hosts: { id: string; name: string; state: 'online' | 'offline' }[];
  mutations: VolumeMutations;
}

const rowsAtFirst = 200;

export function VolumeList({ volumes, hosts, mutations }: VolumeListProps) {
  const t = useTranslations('volumes');
  const [filter, setFilter] = useUrlFilter(parseFilter, filterQuery);
  const [rowsMax, setRowsMax] = useState(rowsAtFirst);
  const [removing, setRemoving] = useState<VolumeView | null>(null);
  const [isRemoving, setIsRemoving] = useState(false);
  const [isPruning, setIsPruning] = useState(false);
  const online = hosts.filter(({ state }) => state === 'online');
  const { sizeOf, isAsking, askAgain } = useVolumeSizes(online.map(({ id }) => id));
  const found = filterVolumes(volumes, filter);
  const rows = found.slice(0, rowsMax);
  if (volumes.length === 0) return <NoVolumes />;
  return (
    <>
      <div className="flex flex-wrap items-start justify-between gap-x-3">
        <VolumeFilters filter={filter} onChange={setFilter} hosts={hosts} volumes={volumes} />
        <Button className="mb-3" disabled={online.length === 0} onClick={() => setIsPruning(true)}>
          {t('prune')}
        </Button>
      </div>
      <Card className="overflow-hidden">
        {found.length === 0 ? (
          <EmptyState
            icon={SearchX}
            title={t('noneFound')}
            action={
              <Button onClick={() => setFilter({ search: '', usage: 'all', hostId: '' })}>{t('clearFilters')}</Button>
            }
          />
        ) : (
          <VolumeTable
            volumes={rows}
            showHost={hosts.length > 1}
            sizeOf={sizeOf}
            isAsking={isAsking}
            onAskSizes={askAgain}
            onRemove={(volume) => {
              setRemoving(volume);
              setIsRemoving(true);
            }}
          />
        )}
      </Card>
      {found.length > rows.length && (
        <div className="mt-3 flex justify-center">
          <Button onClick={() => setRowsMax(found.length)}>{t('showAll', { count: found.length })}</Button>
        </div>
      )}
      {removing && (
        <RemoveVolumeDialog
          volume={removing}
          bytes={sizeOf(removing)}
          remove={mutations.remove}
          open={isRemoving}
          onOpenChange={setIsRemoving}
        />
      )}
      <PruneDialog
        volumes={volumes}
        hosts={online}
        firstHostId={filter.hostId}
        sizeOf={sizeOf}
        prune={mutations.prune}
        open={isPruning}
        onOpenChange={setIsPruning}
      />
    </>
  );
}

function NoVolumes() {
  const t = useTranslations('volumes');
  return (
    <Card>
      <EmptyState
        icon={HardDrive}
        title={t('empty')}
        action={
          <Link href="/volumes/new" className={buttonClass({ variant: 'primary' })}>
            {t('create.submit')}
          </Link>
        }
      >
        {t('emptyText')}
      </EmptyState>
    </Card>
  );
}
