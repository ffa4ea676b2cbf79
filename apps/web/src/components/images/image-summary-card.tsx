'use client';
import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { Facts } from '@/components/ui/facts.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import type { ImageDetailView } from '@/server/views.ts';

interface ImageSummaryCardProps {
  image: ImageDetailView;
  /** Empty where the host did not tell. */
  platform: string;
  author: string;
}

export function ImageSummaryCard({ image, platform, author }: ImageSummaryCardProps) {
  const t = useTranslations('images.summary');
  const { bytes } = useUnits();
  return (
    <Card>
      <CardHeader title={t('title')} />
      <Facts
        items={[
          { term: t('id'), value: image.id, mono: true },
          ...(platform ? [{ term: t('platform'), value: platform, mono: true }] : []),
          {
            term: t('size'),
            value:
              image.sharedBytes > 0
                ? t('sizeShared', { size: bytes(image.sizeBytes), shared: bytes(image.sharedBytes) })
                : bytes(image.sizeBytes),
          },
          { term: t('created'), value: <TimeAgo at={image.createdAt} /> },
          ...(author ? [{ term: t('author'), value: author }] : []),
        ]}
      />
    </Card>
  );
}
