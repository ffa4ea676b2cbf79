import { Activity, Box, HardDrive, Layers, type LucideIcon, MemoryStick, Network, Server } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Badge } from '@/components/ui/badge.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import type { EventView } from '@/server/views.ts';

const icons: Record<string, LucideIcon> = {
  container: Box,
  image: Layers,
  network: Network,
  volume: HardDrive,
  daemon: Server,
};

export function EventList({
  events,
  hostNames,
  linked = true,
}: {
  events: EventView[];
  hostNames?: Record<string, string>;
  linked?: boolean;
}) {
  const t = useTranslations('events');
  if (events.length === 0)
    return (
      <EmptyState icon={Activity} title={t('empty')}>
        {t('emptyText')}
      </EmptyState>
    );
  return (
    <ol className="divide-y divide-line">
      {events.map((event) => (
        <EventRow
          key={`${event.hostId}/${event.seq}`}
          event={event}
          hostName={hostNames?.[event.hostId]}
          linked={linked}
        />
      ))}
    </ol>
  );
}

function EventRow({ event, hostName, linked }: { event: EventView; hostName: string | undefined; linked: boolean }) {
  const t = useTranslations('events');
  const oom = event.action === 'oom';
  const Icon = oom ? MemoryStick : (icons[event.type] ?? Activity);
  const name = event.actorName || event.actorId.slice(0, 12);
  const exitCode = event.attributes.exitCode;
  // The Engine API appends an exec's whole command line to the verb.
  const [verb, ...detail] = event.action.split(': ');
  return (
    <li className="flex items-start gap-3 px-4 py-2">
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${oom ? 'text-danger' : 'text-faint'}`} />
      <p className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2 gap-y-0.5">
        <Badge tone={oom ? 'danger' : 'neutral'} className="font-mono">
          {oom ? t('oom') : `${event.type} ${verb}`}
        </Badge>
        {linked && event.type === 'container' ? (
          <Link
            href={`/hosts/${event.hostId}/containers/${event.actorId}`}
            className="min-w-0 break-all font-medium hover:text-accent hover:underline"
          >
            {name}
          </Link>
        ) : (
          <span className="min-w-0 break-all font-medium">{name}</span>
        )}
        {detail.length > 0 && (
          <span title={detail.join(': ')} className="min-w-0 basis-full truncate font-mono text-muted text-xs">
            {detail.join(': ')}
          </span>
        )}
        {exitCode !== undefined && <span className="text-muted text-sm">{t('exitCode', { code: exitCode })}</span>}
        {hostName && <span className="text-muted text-sm">{hostName}</span>}
      </p>
      <span className="whitespace-nowrap text-faint text-sm">
        <TimeAgo at={event.at} />
      </span>
    </li>
  );
}
