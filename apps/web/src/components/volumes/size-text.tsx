'use client';
import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { Skeleton } from '@/components/ui/skeleton.tsx';

/** undefined: being measured; null: nobody knows. */
export function SizeText({ bytes: size }: { bytes: number | null | undefined }) {
  const t = useTranslations('volumes');
  const { bytes } = useUnits();
  if (size === undefined)
    return (
      <span role="status" aria-label={t('measuring')} className="inline-block w-14 align-middle">
        <Skeleton className="h-4" />
      </span>
    );
  if (size === null) return <span className="text-faint">–</span>;
  return bytes(size);
}
