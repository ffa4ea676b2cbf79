'use client';
import { ServerCrash } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Button } from '@/components/ui/button.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';

/** In production the error's text stays on the server; the digest finds it in the dashboard's log. */
export function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const t = useTranslations('pageError');
  return (
    <div role="alert">
      <EmptyState
        wholePage
        icon={ServerCrash}
        title={t('title')}
        action={
          <Button variant="primary" onClick={reset}>
            {t('retry')}
          </Button>
        }
      >
        <p>{t('text')}</p>
        {error.digest && <p className="mt-2 font-mono text-xs">{t('digest', { digest: error.digest })}</p>}
      </EmptyState>
    </div>
  );
}
