import { useLocale } from 'next-intl';
import { useMemo } from 'react';
import { formatBytes, formatBytesPerSecond } from '@/format/bytes.ts';
import { formatCores, formatPercent } from '@/format/percent.ts';

/** The formatters in the reader's language; each keeps its identity, so charts need not redraw for it. */
export function useUnits() {
  const locale = useLocale();
  return useMemo(
    () => ({
      bytes: (value: number) => formatBytes(value, locale),
      rate: (value: number) => formatBytesPerSecond(value, locale),
      percent: (value: number) => formatPercent(value, locale),
      cores: (value: number) => formatCores(value, locale),
      count: (value: number) => new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }).format(value),
    }),
    [locale],
  );
}
