import { Box, Plus } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { StateBadge } from '@/components/containers/state-badge.tsx';
import { StatusText } from '@/components/containers/status-text.tsx';
import { EventList } from '@/components/hosts/event-list.tsx';
import { HostFacts } from '@/components/hosts/host-facts.tsx';
import { HostMenu } from '@/components/hosts/host-menu.tsx';
import { HostStateBadge } from '@/components/hosts/host-state-badge.tsx';
import { HostIsolationCard } from '@/components/hosts/isolation-card.tsx';
import { OfflineBanner } from '@/components/hosts/offline-banner.tsx';
import { HostCharts } from '@/components/stats/host-charts.tsx';
import { buttonClass } from '@/components/ui/button.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { getHost } from '@/server/inventory/get-host.ts';
import { listContainers } from '@/server/inventory/list-containers.ts';
import { listEvents } from '@/server/inventory/list-events.ts';
import type { ContainerView } from '@/server/views.ts';
import { loadHostHistory, submitRemoveHost, submitRenameHost } from '../actions.ts';

interface HostPageProps {
  params: Promise<{ hostId: string }>;
}

export async function generateMetadata({ params }: HostPageProps): Promise<Metadata> {
  return { title: (await getHost((await params).hostId))?.name ?? '' };
}

const eventsShown = 20;

export default async function HostPage({ params }: HostPageProps) {
  const { hostId } = await params;
  const host = await getHost(hostId);
  if (!host) notFound();
  const [containers, events] = await Promise.all([
    listContainers({ hostId }),
    listEvents({ hostId, limit: eventsShown }),
  ]);
  const t = await getTranslations('hosts');
  return (
    <>
      <header className="mb-5">
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
          <div className="flex min-w-0 flex-wrap items-center gap-3">
            <h1 className="min-w-0 break-all font-semibold text-xl tracking-tight">{host.name}</h1>
            <HostStateBadge state={host.state} />
          </div>
          <div className="flex flex-wrap gap-2">
            <HostMenu host={{ id: host.id, name: host.name }} rename={submitRenameHost} remove={submitRemoveHost} />
          </div>
        </div>
        {host.state === 'offline' && <OfflineBanner hostName={host.name} seenAt={host.lastSeenAt} />}
      </header>
      <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="flex min-w-0 flex-col gap-4">
          <HostCharts
            hostId={host.id}
            cpuCount={host.cpuCount}
            memoryBytes={host.memoryBytes}
            loadHistory={loadHostHistory}
          />
          <Card>
            <CardHeader
              title={t('containers')}
              actions={
                <Link href={`/containers/new?host=${host.id}`} className={buttonClass({ size: 'sm' })}>
                  <Plus aria-hidden />
                  {t('newContainer')}
                </Link>
              }
            />
            {containers.length === 0 ? (
              <EmptyState icon={Box} title={t('noContainers')} />
            ) : (
              <ContainerRows containers={containers} />
            )}
          </Card>
          <Card>
            <CardHeader title={t('events')} />
            <EventList events={events} />
          </Card>
        </div>
        <HostFacts host={host} />
        <div className="min-w-0 xl:col-span-2">
          <HostIsolationCard host={host} />
        </div>
      </div>
    </>
  );
}

function ContainerRows({ containers }: { containers: ContainerView[] }) {
  return (
    <ul className="divide-y divide-line">
      {containers.map((container) => (
        <li key={container.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
          <Link
            href={`/hosts/${container.hostId}/containers/${container.id}`}
            className="min-w-0 truncate font-medium hover:text-accent hover:underline"
          >
            {container.name}
          </Link>
          <span className="min-w-0 truncate text-muted text-sm">{container.image}</span>
          <span className="ml-auto flex items-center gap-2 text-muted text-sm">
            <span className="max-sm:hidden">
              <StatusText container={container} />
            </span>
            <StateBadge state={container.state} />
          </span>
        </li>
      ))}
    </ul>
  );
}
