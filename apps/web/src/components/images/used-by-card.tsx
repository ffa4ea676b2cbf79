import { Box } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { StateBadge } from '@/components/containers/state-badge.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import type { ContainerView } from '@/server/views.ts';

export function UsedByCard({ containers }: { containers: ContainerView[] }) {
  const t = useTranslations('images.usedBy');
  return (
    <Card>
      <CardHeader title={t('title')} />
      {containers.length === 0 ? (
        <p className="px-4 py-3 text-muted text-sm">{t('none')}</p>
      ) : (
        <ul className="divide-y divide-line">
          {containers.map((container) => (
            <li key={container.id} className="flex items-center gap-2 px-4 py-2">
              <Box aria-hidden className="size-4 shrink-0 text-faint" />
              <Link
                href={`/hosts/${container.hostId}/containers/${container.id}`}
                className="min-w-0 flex-1 truncate font-medium hover:text-accent hover:underline"
              >
                {container.name}
              </Link>
              <StateBadge state={container.state} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
