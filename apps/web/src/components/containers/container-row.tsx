'use client';
import type { ContainerStats } from '@berth/shared/protocol/stats-fields';
import { ArrowUpCircle, WifiOff } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { Checkbox } from '@/components/ui/checkbox.tsx';
import { classNames } from '@/components/ui/class-names.ts';
import type { ContainerView } from '@/server/views.ts';
import { type ContainerMutations, containerHref } from './container-types.ts';
import { PortList } from './port-list.tsx';
import { RowActions } from './row-actions.tsx';
import { OomBadge, StateBadge } from './state-badge.tsx';
import { StatusText } from './status-text.tsx';

interface ContainerRowProps {
  container: ContainerView;
  stats: ContainerStats | null;
  selected: boolean;
  onSelect: (selected: boolean) => void;
  mutations: ContainerMutations;
  showHost: boolean;
}

export function ContainerRow({ container, stats, selected, onSelect, mutations, showHost }: ContainerRowProps) {
  const t = useTranslations('containers');
  const { bytes, percent } = useUnits();
  const offline = container.hostState === 'offline';
  return (
    <tr
      className={classNames(
        'border-line border-b last:border-b-0 hover:bg-raised/50',
        selected && 'bg-accent-soft/60 hover:bg-accent-soft/60',
      )}
    >
      <td className="py-2.5 pl-3 align-middle sm:pl-4">
        <Checkbox label={t('select', { name: container.name })} checked={selected} onChange={onSelect} />
      </td>
      <td className="max-w-0 px-2 py-2 sm:w-[26%] sm:px-3">
        <span className="flex items-center gap-1.5">
          <Link href={containerHref(container)} className="truncate font-medium hover:text-accent hover:underline">
            {container.name}
          </Link>
          {container.hasNewerImage && (
            <span title={t('recreate.available')} className="shrink-0 text-accent">
              <ArrowUpCircle aria-label={t('recreate.available')} className="size-4" />
            </span>
          )}
        </span>
        <span className="block truncate text-muted text-xs lg:hidden">{container.image}</span>
        <span className="hidden truncate font-mono text-2xs text-faint lg:block">{container.id.slice(0, 12)}</span>
      </td>
      <td className="px-2 py-2 sm:px-3">
        <div className="flex flex-wrap items-center gap-1 sm:flex-nowrap">
          <StateBadge state={container.state} />
          {container.oomKilled && <OomBadge />}
        </div>
        <div className="mt-0.5 text-muted text-xs sm:whitespace-nowrap">
          {offline ? (
            <span className="inline-flex items-center gap-1 text-warning">
              <WifiOff aria-hidden className="size-3" />
              {t('lastKnown')}
            </span>
          ) : (
            <StatusText container={container} />
          )}
        </div>
      </td>
      <td className="hidden max-w-0 truncate px-3 py-2 text-sm lg:table-cell lg:w-[18%]" title={container.image}>
        {container.image}
      </td>
      {showHost && (
        <td className="hidden whitespace-nowrap px-3 py-2 text-sm xl:table-cell">
          <Link href={`/hosts/${container.hostId}`} className="hover:text-accent hover:underline">
            {container.hostName}
          </Link>
        </td>
      )}
      <td className="hidden whitespace-nowrap px-3 py-2 text-right md:table-cell">
        {stats ? percent(stats.cpuCores) : <span className="text-faint">–</span>}
      </td>
      <td className="hidden whitespace-nowrap px-3 py-2 text-right md:table-cell">
        {stats ? bytes(stats.memoryBytes) : <span className="text-faint">–</span>}
        {stats && stats.memoryLimitBytes > 0 && (
          <span className="block text-faint text-xs">{t('ofLimit', { value: bytes(stats.memoryLimitBytes) })}</span>
        )}
      </td>
      <td className="hidden px-3 py-2 lg:table-cell">
        <PortList ports={container.ports} max={2} />
      </td>
      <td className="py-2 pr-2 text-right sm:pr-3">
        <RowActions container={container} mutations={mutations} disabled={offline} />
      </td>
    </tr>
  );
}
