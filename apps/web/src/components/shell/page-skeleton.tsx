import { useTranslations } from 'next-intl';
import { Skeleton } from '@/components/ui/skeleton.tsx';

export function PageSkeleton() {
  const t = useTranslations('common');
  return (
    <div role="status" aria-label={t('loading')}>
      <Skeleton className="mb-6 h-8 w-48" />
      <div className="grid gap-4 md:grid-cols-2">
        <Skeleton className="h-52" />
        <Skeleton className="h-52" />
      </div>
    </div>
  );
}

export function TableSkeleton() {
  const t = useTranslations('common');
  return (
    <div role="status" aria-label={t('loading')}>
      <Skeleton className="mb-6 h-8 w-48" />
      <Skeleton className="mb-3 h-9 w-80 max-w-full" />
      <div className="flex flex-col gap-px overflow-hidden rounded-lg border border-line">
        {Array.from({ length: 6 }, (_, index) => (
          // Identical rows.
          <Skeleton key={index} className="h-13 rounded-none" />
        ))}
      </div>
    </div>
  );
}
