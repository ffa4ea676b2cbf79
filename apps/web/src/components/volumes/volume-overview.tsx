'use client';
import { Box } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { containerHref } from '@/components/containers/container-types.ts';
import { StateBadge } from '@/components/containers/state-badge.tsx';
import { Badge } from '@/components/ui/badge.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { CopyButton } from '@/components/ui/copy-button.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { Facts } from '@/components/ui/facts.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import { VisibleText } from '@/components/ui/visible-text.tsx';
import type { VolumeView } from '@/server/views.ts';
import { BackupCard } from './backup-card.tsx';
import { SizeText } from './size-text.tsx';
import { useVolumeSizes } from './use-volume-sizes.ts';

export function VolumeOverview({ volume }: { volume: VolumeView }) {
  const { sizeOf, askAgain } = useVolumeSizes(volume.hostState === 'online' ? [volume.hostId] : []);
  return (
    <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-4">
        <DetailsCard volume={volume} bytes={sizeOf(volume)} />
        <PairsCard title="options" pairs={volume.options} />
        <PairsCard title="labels" pairs={volume.labels} />
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        <UsersCard volume={volume} />
        <BackupCard volume={volume} onRestored={askAgain} />
      </div>
    </div>
  );
}

function DetailsCard({ volume, bytes }: { volume: VolumeView; bytes: number | null | undefined }) {
  const t = useTranslations('volumes.details');
  return (
    <Card>
      <CardHeader title={t('title')} />
      <Facts
        items={[
          {
            term: t('name'),
            mono: true,
            value: (
              <span className="flex items-start gap-2">
                <span className="min-w-0 break-all">{volume.name}</span>
                <CopyButton text={volume.name} iconOnly />
              </span>
            ),
          },
          { term: t('driver'), value: volume.driver, mono: true },
          { term: t('size'), value: <SizeText bytes={bytes} /> },
          { term: t('created'), value: <TimeAgo at={volume.createdAt} /> },
          {
            term: t('mountpoint'),
            mono: true,
            value: (
              <span className="break-all">
                <VisibleText text={volume.mountpoint} />
              </span>
            ),
          },
        ]}
      />
    </Card>
  );
}

function PairsCard({ title, pairs }: { title: 'options' | 'labels'; pairs: Record<string, string> }) {
  const t = useTranslations('volumes.details');
  const entries = Object.entries(pairs);
  if (entries.length === 0) return null;
  return (
    <Card>
      <CardHeader title={t(title)} />
      <Facts
        items={entries.map(([term, value]) => ({ term, value: <VisibleText text={value || '–'} />, mono: true }))}
      />
    </Card>
  );
}

function UsersCard({ volume }: { volume: VolumeView }) {
  const t = useTranslations('volumes');
  return (
    <Card>
      <CardHeader title={t('usersTitle')} />
      {volume.users.length === 0 ? (
        <EmptyState icon={Box} title={t('noUsers')}>
          {t('noUsersText')}
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line">
          {volume.users.map((user) => (
            <li key={user.id} className="px-4 py-2.5">
              <div className="flex items-center gap-3">
                <Link
                  href={containerHref({ hostId: volume.hostId, id: user.id })}
                  className="min-w-0 flex-1 truncate font-medium hover:text-accent hover:underline"
                >
                  {user.name}
                </Link>
                <StateBadge state={user.state} />
              </div>
              {user.mounts.map(({ path, readOnly }) => (
                <div key={path} className="mt-1 flex items-center gap-2 text-sm">
                  <span className="min-w-0 flex-1 break-all font-mono text-muted">
                    <VisibleText text={path} />
                  </span>
                  <Badge tone={readOnly ? 'neutral' : 'accent'}>{t(readOnly ? 'readOnly' : 'readWrite')}</Badge>
                </div>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
