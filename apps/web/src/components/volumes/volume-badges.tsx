import { useTranslations } from 'next-intl';
import { Badge } from '@/components/ui/badge.tsx';
import type { VolumeView } from '@/server/views.ts';
import { volumeSource } from './volume-types.ts';

export function AnonymousBadge() {
  const t = useTranslations('volumes');
  return <Badge title={t('anonymousHint')}>{t('anonymous')}</Badge>;
}

export function UnusedBadge() {
  const t = useTranslations('volumes');
  return <Badge tone="warning">{t('unused')}</Badge>;
}

export function SourceBadge({ volume }: { volume: Pick<VolumeView, 'options'> }) {
  const t = useTranslations('volumes.sources');
  const source = volumeSource(volume);
  return source && <Badge tone="accent">{t(source)}</Badge>;
}
