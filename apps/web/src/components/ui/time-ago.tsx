'use client';
import { useLocale } from 'next-intl';
import { formatAgo } from '@/format/duration.ts';
import { useNow } from './use-now.ts';

export function TimeAgo({ at }: { at: number }) {
  const locale = useLocale();
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString(locale)} suppressHydrationWarning>
      {formatAgo(Math.min(at, now), now, locale)}
    </time>
  );
}
