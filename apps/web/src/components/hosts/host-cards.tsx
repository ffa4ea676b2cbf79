'use client';
import { Box, ShieldAlert, ShieldCheck } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useNewestStats } from '@/components/live/use-newest-stats.ts';
import { useUnits } from '@/components/stats/use-units.ts';
import { Meter } from '@/components/ui/meter.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import type { HostView } from '@/server/views.ts';
import { isolationSummary } from './host-features.ts';
import { HostStateBadge } from './host-state-badge.tsx';

export function HostCards({ hosts }: { hosts: HostView[] }) {
  const newest = useNewestStats();
  return (
    <ul className="grid grid-cols-1 gap-4 md:grid-cols-2 2xl:grid-cols-3">
      {hosts.map((host) => (
        <li key={host.id}>
          <HostCard host={host} stats={host.state === 'online' ? (newest.hosts.get(host.id) ?? host.stats) : null} />
        </li>
      ))}
    </ul>
  );
}

function HostCard({ host, stats }: { host: HostView; stats: HostView['stats'] }) {
  const t = useTranslations('hosts');
  const { bytes, cores, percent } = useUnits();
  const isolation = isolationSummary(host);
  const Shield = isolation.level === 'full' ? ShieldCheck : ShieldAlert;
  const memoryTotal = stats?.memoryTotalBytes || host.memoryBytes;
  return (
    <article className="relative flex h-full flex-col rounded-lg border border-line bg-surface p-4 shadow-card transition-colors focus-within:border-accent hover:border-line-strong">
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="truncate font-semibold text-lg">
            <Link
              href={`/hosts/${host.id}`}
              className="outline-none after:absolute after:inset-0 after:rounded-lg focus-visible:after:outline-2 focus-visible:after:outline-accent focus-visible:after:outline-offset-2"
            >
              {host.name}
            </Link>
          </h2>
          <p className="line-clamp-2 break-words text-muted text-sm">
            {host.os} · {host.kernel}
          </p>
        </div>
        <HostStateBadge state={host.state} />
      </div>
      {host.state === 'offline' && (
        <p className="mt-2 text-sm text-warning">
          {host.lastSeenAt === null
            ? t('neverSeen')
            : t.rich('lastSeen', { ago: () => <TimeAgo at={host.lastSeenAt ?? 0} /> })}
        </p>
      )}
      <dl className="mt-4 grid gap-3">
        <Figure
          term={t('cpu')}
          ratio={stats ? stats.cpuCores / Math.max(1, host.cpuCount) : null}
          text={
            stats
              ? t('cpuOf', { used: percent(stats.cpuCores / Math.max(1, host.cpuCount)), count: host.cpuCount })
              : t('cores', { count: host.cpuCount })
          }
        />
        <Figure
          term={t('memory')}
          ratio={stats ? stats.memoryBytes / Math.max(1, memoryTotal) : null}
          text={stats ? t('usedOf', { used: bytes(stats.memoryBytes), total: bytes(memoryTotal) }) : bytes(memoryTotal)}
        />
        <Figure
          term={t('disk')}
          ratio={stats?.diskTotalBytes ? stats.diskUsedBytes / stats.diskTotalBytes : null}
          text={
            stats?.diskTotalBytes
              ? t('usedOf', { used: bytes(stats.diskUsedBytes), total: bytes(stats.diskTotalBytes) })
              : '–'
          }
        />
      </dl>
      <div className="mt-4 flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-line border-t pt-3 text-muted text-sm">
        <span className="flex items-center gap-1.5">
          <Box aria-hidden className="size-4 text-faint" />
          {t('containersCount', { running: host.containersRunning, total: host.containersTotal })}
        </span>
        <span className={`flex items-center gap-1.5 ${isolation.level === 'full' ? 'text-success' : 'text-warning'}`}>
          <Shield aria-hidden className="size-4" />
          {t(`isolation.${isolation.level}`, { count: isolation.lacking })}
        </span>
        {stats && <span className="sr-only">{t('load', { value: cores(stats.load1) })}</span>}
      </div>
    </article>
  );
}

function Figure({ term, ratio, text }: { term: string; ratio: number | null; text: string }) {
  return (
    <div>
      <div className="mb-1 flex items-baseline justify-between gap-3 text-sm">
        <dt className="text-muted">{term}</dt>
        <dd>{text}</dd>
      </div>
      <Meter label={term} ratio={ratio} valueText={text} />
    </div>
  );
}
