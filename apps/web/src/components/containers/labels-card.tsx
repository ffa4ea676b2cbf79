import { useTranslations } from 'next-intl';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { Facts } from '@/components/ui/facts.tsx';

export function LabelsCard({ labels }: { labels: Record<string, string> }) {
  const t = useTranslations('containers.overview');
  const entries = Object.entries(labels);
  if (entries.length === 0) return null;
  return (
    <Card>
      <CardHeader title={t('labels')} />
      <Facts items={entries.map(([term, value]) => ({ term, value: value || '–', mono: true }))} />
    </Card>
  );
}
