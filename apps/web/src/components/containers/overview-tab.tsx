import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Badge } from '@/components/ui/badge.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { Facts } from '@/components/ui/facts.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import { volumeHref } from '@/components/volumes/volume-types.ts';
import type { ContainerDetailView } from '@/server/views.ts';
import { EnvironmentCard } from './environment-card.tsx';
import type { Inspect } from './inspect.ts';
import { IsolationCard } from './isolation-card.tsx';
import { LabelsCard } from './labels-card.tsx';
import { LimitsSummary } from './limits-summary.tsx';
import { PortList } from './port-list.tsx';

export function OverviewTab({ container, inspect }: { container: ContainerDetailView; inspect: Inspect }) {
  return (
    <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-4">
        <SummaryCard container={container} inspect={inspect} />
        <MountsCard hostId={container.hostId} mounts={inspect.Mounts} />
        <EnvironmentCard env={inspect.Config.Env} />
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        <IsolationCard inspect={inspect} />
        <LimitsSummary inspect={inspect} />
        <LabelsCard labels={container.labels} />
      </div>
    </div>
  );
}

function SummaryCard({ container, inspect }: { container: ContainerDetailView; inspect: Inspect }) {
  const t = useTranslations('containers.overview');
  const networks = Object.entries(inspect.NetworkSettings);
  const restart = inspect.HostConfig.RestartPolicy;
  return (
    <Card>
      <CardHeader title={t('summary')} />
      <Facts
        items={[
          { term: t('image'), value: container.image, mono: true },
          { term: t('command'), value: container.command || '–', mono: true },
          { term: t('id'), value: container.id.slice(0, 12), mono: true },
          { term: t('hostname'), value: inspect.Config.Hostname || '–', mono: true },
          { term: t('user'), value: inspect.Config.User || 'root', mono: true },
          { term: t('workingDir'), value: inspect.Config.WorkingDir || '/', mono: true },
          { term: t('ports'), value: <PortList ports={container.ports} /> },
          {
            term: t('networks'),
            value:
              networks.length === 0
                ? inspect.HostConfig.NetworkMode || '–'
                : networks.map(([name, network]) => (
                    <div key={name}>{network.IPAddress ? `${name}: ${network.IPAddress}` : name}</div>
                  )),
          },
          ...(inspect.State.pid > 0 ? [{ term: t('pid'), value: String(inspect.State.pid), mono: true }] : []),
          { term: t('created'), value: <TimeAgo at={container.createdAt} /> },
          {
            term: t('restart'),
            value:
              restart?.Name && restart.Name !== 'no'
                ? `${restart.Name}${restart.MaximumRetryCount ? `:${restart.MaximumRetryCount}` : ''}`
                : t('restartNo'),
          },
          ...(inspect.HostConfig.AutoRemove ? [{ term: t('autoRemove'), value: t('autoRemoveText') }] : []),
          ...(inspect.State.error
            ? [{ term: t('error'), value: <span className="text-danger">{inspect.State.error}</span> }]
            : []),
        ]}
      />
    </Card>
  );
}

function MountsCard({ hostId, mounts }: { hostId: string; mounts: Inspect['Mounts'] }) {
  const t = useTranslations('containers.overview');
  return (
    <Card>
      <CardHeader title={t('mounts')} />
      {mounts.length === 0 ? (
        <p className="px-4 py-3 text-muted text-sm">{t('noMounts')}</p>
      ) : (
        <ul className="divide-y divide-line">
          {mounts.map((mount) => (
            <li key={mount.Destination} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
              <span className="min-w-0 flex-1 break-all font-mono text-sm">
                {mount.Destination}
                {mount.Type === 'volume' && mount.Name ? (
                  <Link
                    href={volumeHref({ hostId, name: mount.Name })}
                    className="block text-muted text-xs hover:text-accent hover:underline"
                  >
                    {mount.Name}
                  </Link>
                ) : (
                  <span className="block text-muted text-xs">{mount.Source || mount.Name || '–'}</span>
                )}
              </span>
              <Badge>{mount.Type || 'bind'}</Badge>
              <Badge tone={mount.RW === false ? 'neutral' : 'accent'}>
                {t(mount.RW === false ? 'readOnly' : 'readWrite')}
              </Badge>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
