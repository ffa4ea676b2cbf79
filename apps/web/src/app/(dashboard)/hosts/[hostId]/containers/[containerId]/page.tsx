import {
  Activity,
  ChartLine,
  Code,
  FileText,
  FolderOpen,
  LayoutDashboard,
  SlidersHorizontal,
  SquareTerminal,
} from 'lucide-react';
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { ContainerHeader } from '@/components/containers/container-header.tsx';
import { cpuLimitCores, type Inspect, readInspect } from '@/components/containers/inspect.ts';
import { InspectTab } from '@/components/containers/inspect-tab.tsx';
import type { LimitValues } from '@/components/containers/limit-draft.ts';
import { LimitsTab } from '@/components/containers/limits-tab.tsx';
import { LogsTab } from '@/components/containers/logs-tab.tsx';
import { OverviewTab } from '@/components/containers/overview-tab.tsx';
import { ProcessesTab } from '@/components/containers/processes-tab.tsx';
import { TerminalTab } from '@/components/containers/terminal-tab.tsx';
import { FileBrowser } from '@/components/files/file-browser.tsx';
import { EventList } from '@/components/hosts/event-list.tsx';
import { ContainerCharts } from '@/components/stats/container-charts.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { LinkTabs } from '@/components/ui/link-tabs.tsx';
import { getContainer } from '@/server/inventory/get-container.ts';
import { getHost } from '@/server/inventory/get-host.ts';
import { listEvents } from '@/server/inventory/list-events.ts';
import {
  loadProcesses,
  submitContainerAction,
  submitLimits,
  submitRemoveContainer,
  submitRenameContainer,
} from '../../../../containers/actions.ts';
import { submitRecreate } from '../../../../images/actions.ts';
import { loadContainerHistory } from '../../../actions.ts';

const tabs = [
  { key: 'overview', icon: LayoutDashboard },
  { key: 'charts', icon: ChartLine },
  { key: 'logs', icon: FileText },
  { key: 'terminal', icon: SquareTerminal },
  { key: 'files', icon: FolderOpen },
  { key: 'processes', icon: Activity },
  { key: 'limits', icon: SlidersHorizontal },
  { key: 'inspect', icon: Code },
] as const;

const eventsShown = 10;

interface ContainerPageProps {
  params: Promise<{ hostId: string; containerId: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export async function generateMetadata({ params }: ContainerPageProps): Promise<Metadata> {
  const { hostId, containerId } = await params;
  return { title: (await getContainer(hostId, containerId))?.name ?? '' };
}

export default async function ContainerPage({ params, searchParams }: ContainerPageProps) {
  const { hostId, containerId } = await params;
  const [container, host] = await Promise.all([getContainer(hostId, containerId), getHost(hostId)]);
  if (!container || !host) notFound();
  const t = await getTranslations('containers');
  const wanted = (await searchParams).tab;
  const tab = tabs.find((entry) => entry.key === wanted)?.key ?? 'overview';
  const inspect = readInspect(container.inspect);
  const limits = limitsOf(inspect);
  const offline = container.hostState === 'offline';
  const running = container.state === 'running' && !offline;
  const ids = { hostId, containerId: container.id };
  const charts = {
    ...ids,
    limits: { memoryBytes: limits.memoryBytes, cpuCores: limits.cpuCores, pids: limits.pids },
    loadHistory: loadContainerHistory,
  };
  return (
    <>
      <ContainerHeader
        container={container}
        fetchedAt={container.fetchedAt}
        hostLastSeenAt={host.lastSeenAt}
        mutations={{ act: submitContainerAction, rename: submitRenameContainer, remove: submitRemoveContainer }}
        recreate={submitRecreate}
      />
      <LinkTabs
        label={container.name}
        current={tab}
        panelId="container-panel"
        tabs={tabs.map(({ key, icon: Icon }) => ({
          key,
          label: t(`tabs.${key}`),
          href: `?tab=${key}`,
          icon: <Icon aria-hidden className="size-4" />,
        }))}
      />
      <div id="container-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} className="mt-4 flex flex-col gap-4">
        {tab === 'overview' && (
          <>
            {running && <ContainerCharts {...charts} brief />}
            {inspect ? (
              <OverviewTab container={container} inspect={inspect} />
            ) : (
              <InspectTab inspect={container.inspect} fetchedAt={container.fetchedAt} />
            )}
            <Card>
              <CardHeader title={t('events')} />
              <EventList
                events={await listEvents({ hostId, actorId: container.id, limit: eventsShown })}
                linked={false}
              />
            </Card>
          </>
        )}
        {tab === 'charts' && <ContainerCharts {...charts} />}
        {tab === 'logs' && <LogsTab {...ids} startedAt={container.startedAt} offline={offline} />}
        {tab === 'terminal' && (
          <TerminalTab {...ids} running={running} offline={offline} canAttach={inspect?.Config.Tty ?? false} />
        )}
        {tab === 'files' && (
          <FileBrowser
            space={{ kind: 'containers', hostId, id: container.id, name: container.name }}
            offline={offline}
          />
        )}
        {tab === 'processes' && <ProcessesTab {...ids} running={running} offline={offline} load={loadProcesses} />}
        {tab === 'limits' && (
          <LimitsTab
            {...ids}
            limits={limits}
            running={container.state === 'running'}
            disabled={offline}
            host={host}
            save={submitLimits}
          />
        )}
        {tab === 'inspect' && <InspectTab inspect={container.inspect} fetchedAt={container.fetchedAt} />}
      </div>
    </>
  );
}

function limitsOf(inspect: Inspect | null): LimitValues {
  if (!inspect) return { memoryBytes: 0, cpuCores: 0, pids: 0, restartPolicy: { name: 'no' } };
  const { Memory, PidsLimit, RestartPolicy } = inspect.HostConfig;
  const name =
    (['always', 'unless-stopped', 'on-failure'] as const).find((entry) => entry === RestartPolicy?.Name) ?? 'no';
  return {
    memoryBytes: Memory,
    cpuCores: cpuLimitCores(inspect),
    pids: Math.max(0, PidsLimit),
    restartPolicy: {
      name,
      ...(RestartPolicy?.MaximumRetryCount ? { maximumRetryCount: RestartPolicy.MaximumRetryCount } : {}),
    },
  };
}
