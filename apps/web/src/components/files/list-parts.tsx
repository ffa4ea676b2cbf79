import type { FileEntry } from '@berth/shared/berth/files';
import { FolderOpen, SearchX } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { Button } from '@/components/ui/button.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { Skeleton } from '@/components/ui/skeleton.tsx';

export function ListSkeleton() {
  const t = useTranslations('common');
  return (
    <div role="status" aria-label={t('loading')} className="flex min-h-72 flex-col">
      {Array.from({ length: 6 }, (_, index) => (
        // Identical rows.
        <div key={index} className="flex h-11 items-center gap-3 border-line border-b px-4">
          <Skeleton className="size-4.5" />
          <Skeleton className="h-4 w-40" />
          <Skeleton className="ml-auto h-4 w-24" />
        </div>
      ))}
    </div>
  );
}

interface ListEmptyProps {
  isSearch: boolean;
  onClear: () => void;
  onUp: (() => void) | null;
}

export function ListEmpty({ isSearch, onClear, onUp }: ListEmptyProps) {
  const t = useTranslations('files');
  if (isSearch)
    return (
      <EmptyState
        icon={SearchX}
        title={t('noneFound')}
        action={<Button onClick={onClear}>{t('clearSearch')}</Button>}
      />
    );
  return (
    <EmptyState icon={FolderOpen} title={t('empty')} action={onUp && <Button onClick={onUp}>{t('up')}</Button>}>
      {t('emptyText')}
    </EmptyState>
  );
}

interface ListFooterProps {
  shown: FileEntry[];
  total: number;
  /** The directory has more entries than the host tells. */
  isTruncated: boolean;
}

/** How many there are, and which keys work; where there is no keyboard nobody needs to read of keys. */
export function ListFooter({ shown, total, isTruncated }: ListFooterProps) {
  const t = useTranslations('files');
  const { bytes } = useUnits();
  const sum = shown.reduce((all, entry) => all + (entry.Type === 'file' ? entry.Size : 0), 0);
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-line border-t px-4 py-2 text-muted text-xs">
      <span role="status">
        {shown.length === total
          ? t('count', { count: total, size: bytes(sum) })
          : t('countFound', { found: shown.length, count: total })}
        {isTruncated && <span className="ml-2 font-medium text-warning">{t('truncated')}</span>}
      </span>
      <span className="pointer-coarse:hidden max-md:hidden">
        {t.rich('keys', {
          key: (chunks) => (
            <kbd className="rounded-sm border border-line bg-raised px-1 font-mono text-2xs text-ink">{chunks}</kbd>
          ),
        })}
      </span>
    </div>
  );
}
