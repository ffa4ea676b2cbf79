import { FolderSymlink } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { containerHref } from '@/components/containers/container-types.ts';
import { Card } from '@/components/ui/card.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { visibleText } from '@/format/visible-text.ts';
import type { VolumeView } from '@/server/views.ts';
import { volumeSource } from './volume-types.ts';

/** The files of a volume with driver options are not in the host's data: only its containers see them. */
export function FilesElsewhere({ volume }: { volume: VolumeView }) {
  const t = useTranslations('volumes.elsewhere');
  const source = volumeSource(volume);
  return (
    <Card>
      <EmptyState
        icon={FolderSymlink}
        title={t('title')}
        action={volume.users.map((user) => (
          <Link
            key={user.id}
            href={containerHref({ hostId: volume.hostId, id: user.id }, 'files')}
            className="text-accent hover:underline"
          >
            {t('openIn', { name: user.name })}
          </Link>
        ))}
      >
        {source === 'tmpfs' ? t('memory') : t('path', { path: visibleText(volume.options.device ?? '') })} {t('reach')}
      </EmptyState>
    </Card>
  );
}
