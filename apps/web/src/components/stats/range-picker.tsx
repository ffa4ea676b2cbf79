'use client';
import { useTranslations } from 'next-intl';
import { classNames } from '@/components/ui/class-names.ts';
import { type Range, ranges } from './use-stats-points.ts';

const keys = Object.keys(ranges) as Range[];

export function RangePicker({ value, onChange }: { value: Range; onChange: (range: Range) => void }) {
  const t = useTranslations('charts');
  return (
    <fieldset aria-label={t('range')} className="inline-flex rounded-md border border-line-strong bg-surface p-0.5">
      {keys.map((key) => (
        <button
          key={key}
          type="button"
          aria-pressed={key === value}
          onClick={() => onChange(key)}
          className={classNames(
            'h-6.5 rounded-sm px-2 font-medium text-muted text-sm hover:text-ink',
            key === value && 'bg-accent-soft text-accent hover:text-accent',
          )}
        >
          {t(`ranges.${key}`)}
        </button>
      ))}
    </fieldset>
  );
}
