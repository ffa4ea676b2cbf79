import { Compass } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { buttonClass } from '@/components/ui/button.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';

export default function NotFound() {
  const t = useTranslations('notFound');
  return (
    <main className="flex min-h-[70dvh] items-center justify-center">
      <EmptyState
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
    </main>
  );
}
