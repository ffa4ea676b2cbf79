'use client';
import { Radio, WifiOff } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useLiveStatus } from '@/components/live/live-provider.tsx';

/** Says whether the figures on the page are moving; silence would look like calm. */
export function LiveBadge() {
  const t = useTranslations('shell.live');
  const status = useLiveStatus();
  if (status === 'waiting') {
    return (
      <span
        role="status"
        className="flex items-center gap-2 rounded-md bg-warning-soft px-2 py-1 font-medium text-warning text-xs"
      >
        <WifiOff aria-hidden className="size-3.5" />
        {t('waiting')}
      </span>
    );
  }
  return (
    <span role="status" className="flex items-center gap-2 px-2 py-1 text-muted text-xs">
      <Radio aria-hidden className={status === 'open' ? 'size-3.5 text-success' : 'size-3.5 text-faint'} />
      {t(status)}
    </span>
  );
}
