import { useTranslations } from 'next-intl';
import { Badge } from '@/components/ui/badge.tsx';
import type { VolumeView } from '@/server/views.ts';

export function AnonymousBadge() {
  const t = useTranslations('volumes');
  return <Badge title={t('anonymousHint')}>{t('anonymous')}</Badge>;
}

export function UnusedBadge() {
  const t = useTranslations('volumes');
  return <Badge tone="warning">{t('unused')}</Badge>;
}

/** What the volume is of, when that is not a plain directory of the host's Docker data. */
export function volumeSource({ options }: Pick<VolumeView, 'options'>): 'bind' | 'tmpfs' | 'other' | null {
  if (Object.keys(options).length === 0) return null;
  if (options.type === 'tmpfs') return 'tmpfs';
  return options.o?.split(',').includes('bind') ? 'bind' : 'other';
}

export function SourceBadge({ volume }: { volume: Pick<VolumeView, 'options'> }) {
  const t = useTranslations('volumes.sources');
  const source = volumeSource(volume);
  return source && <Badge tone="accent">{t(source)}</Badge>;
}
