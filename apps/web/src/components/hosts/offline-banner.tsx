import { useTranslations } from 'next-intl';
import { Banner } from '@/components/ui/banner.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';

/** What the page shows is the last that was known; it says so, and since when. */
export function OfflineBanner({ hostName, seenAt }: { hostName: string; seenAt: number | null }) {
  const t = useTranslations('hosts');
  return (
    <Banner tone="warning" role="status" className="mt-3" title={t('offlineTitle', { name: hostName })}>
      {seenAt === null ? t('neverSeen') : t.rich('offlineText', { ago: () => <TimeAgo at={seenAt} /> })}
    </Banner>
  );
}
