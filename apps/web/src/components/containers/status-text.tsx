'use client';
import { useLocale, useTranslations } from 'next-intl';
import { useNow } from '@/components/ui/use-now.ts';
import { formatAgo, formatDuration } from '@/format/duration.ts';
import type { ContainerView } from '@/server/views.ts';
import { isAlive } from './possible-actions.ts';

type Timed = Pick<ContainerView, 'state' | 'createdAt' | 'startedAt' | 'finishedAt' | 'exitCode'>;

/** `Up 3 min`, `Exit code 0, 2 hours ago`. */
export function StatusText({ container }: { container: Timed }) {
  const t = useTranslations('containers.status');
  const locale = useLocale();
  const now = useNow();
  const text = () => {
    if (isAlive(container.state) && container.startedAt !== null) {
      return t('up', { duration: formatDuration(now - container.startedAt) });
    }
    if (container.finishedAt !== null && container.state !== 'created') {
      return t('exited', {
        code: container.exitCode ?? 0,
        ago: formatAgo(Math.min(container.finishedAt, now), now, locale),
      });
    }
    return t('created', { ago: formatAgo(Math.min(container.createdAt, now), now, locale) });
  };
  return <span suppressHydrationWarning>{text()}</span>;
}
