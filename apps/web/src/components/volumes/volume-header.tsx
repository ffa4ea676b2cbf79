'use client';
import { Trash2 } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { HostPath } from '@/components/hosts/host-path.tsx';
import { OfflineBanner } from '@/components/hosts/offline-banner.tsx';
import { Badge } from '@/components/ui/badge.tsx';
import { Button } from '@/components/ui/button.tsx';
import type { VolumeView } from '@/server/views.ts';
import { RemoveVolumeDialog } from './remove-volume-dialog.tsx';
import { useVolumeSizes } from './use-volume-sizes.ts';
import { AnonymousBadge, SourceBadge, UnusedBadge } from './volume-badges.tsx';
import { shortName, type VolumeMutations } from './volume-types.ts';

interface VolumeHeaderProps {
  volume: VolumeView;
  hostLastSeenAt: number | null;
  remove: VolumeMutations['remove'];
}

export function VolumeHeader({ volume, hostLastSeenAt, remove }: VolumeHeaderProps) {
  const t = useTranslations('volumes');
  const router = useRouter();
  const [isRemoving, setIsRemoving] = useState(false);
  const offline = volume.hostState === 'offline';
  const { sizeOf } = useVolumeSizes(isRemoving && !offline ? [volume.hostId] : []);
  const used = volume.users.length;
  return (
    <header className="mb-4">
      <HostPath label={t('path')} list={{ href: '/volumes', title: t('title') }} host={volume} />
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1.5">
          <h1 title={volume.name} className="min-w-0 break-all font-semibold text-xl tracking-tight">
            {shortName(volume)}
          </h1>
          {volume.isAnonymous && <AnonymousBadge />}
          <SourceBadge volume={volume} />
          {used === 0 ? <UnusedBadge /> : <Badge tone="success">{t('usedCount', { count: used })}</Badge>}
        </div>
        <Button variant="danger-quiet" disabled={offline} onClick={() => setIsRemoving(true)}>
          <Trash2 aria-hidden />
          {t('remove')}
        </Button>
      </div>
      {offline && <OfflineBanner hostName={volume.hostName} seenAt={hostLastSeenAt} />}
      <RemoveVolumeDialog
        volume={volume}
        bytes={sizeOf(volume)}
        remove={remove}
        open={isRemoving}
        onOpenChange={setIsRemoving}
        onRemoved={() => router.push('/volumes')}
      />
    </header>
  );
}
