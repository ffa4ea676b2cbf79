import { Compass } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { buttonClass } from '@/components/ui/button.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';

export function NothingHere() {
  const t = useTranslations('notFound');
  return (
    <EmptyState
      wholePage
      icon={Compass}
      title={t('title')}
      action={
        <Link href="/hosts" className={buttonClass({ variant: 'primary' })}>
          {t('home')}
        </Link>
      }
    >
      {t('text')}
    </EmptyState>
  );
}
