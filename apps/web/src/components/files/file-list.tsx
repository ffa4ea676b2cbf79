'use client';
import type { FileEntry } from '@berth/shared/berth/files';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type KeyboardEvent, type RefObject, useEffect, useId, useRef } from 'react';
import { classNames } from '@/components/ui/class-names.ts';
import type { Arrangement, EntrySort } from './arrange-entries.ts';
import { type EntryActions, FileRow, rowHeightPx } from './file-row.tsx';

interface FileListProps {
  label: string;
  entries: FileEntry[];
  isBusy: boolean;
  arrangement: Arrangement;
  onSort: (sort: EntrySort) => void;
  /** The row that keys act on. */
  active: number;
  onActive: (index: number) => void;
  onUp: () => void;
  actions: EntryActions;
  gridRef: RefObject<HTMLTableElement | null>;
}

const headerHeightPx = 34;

/** Only the rows in view are in the document. The table has the focus, and says which row is meant. */
export function FileList(props: FileListProps) {
  const { label, entries, isBusy, active, onActive, onUp, actions, gridRef } = props;
  const t = useTranslations('files');
  const frame = useRef<HTMLDivElement>(null);
  const rowId = useId();
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeightPx,
    scrollPaddingStart: headerHeightPx,
    overscan: 12,
  });
  useEffect(() => {
    if (entries.length > 0) rows.scrollToIndex(active, { align: 'auto' });
  }, [rows, active, entries.length]);

  const page = Math.max(1, Math.floor((frame.current?.clientHeight ?? 0) / rowHeightPx) - 2);
  const onKeyDown = (event: KeyboardEvent) => {
    // A menu of a row has the keys of its own.
    if (event.target !== gridRef.current || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = entries.length - 1;
    const steps: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: last,
    };
    const to = steps[event.key];
    const entry = entries[active];
    if (to !== undefined) onActive(Math.max(0, Math.min(last, to)));
    else if (event.key === 'Enter' && entry) actions.open(entry);
    else if (event.key === 'Delete' && entry) actions.remove(entry);
    else if (event.key === 'Backspace') onUp();
    else return;
    event.preventDefault();
  };

  const items = rows.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = rows.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div ref={frame} className="max-h-[62dvh] min-h-72 overflow-y-auto overflow-x-hidden">
      <table
        ref={gridRef}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows are chosen and opened with keys.
        role="grid"
        tabIndex={0}
        aria-label={label}
        aria-rowcount={entries.length + 1}
        aria-busy={isBusy}
        aria-activedescendant={entries[active] ? `${rowId}-${active}` : undefined}
        onKeyDown={onKeyDown}
        className={classNames(
          'group/files w-full table-fixed text-left -outline-offset-2 transition-opacity',
          isBusy && 'opacity-60',
        )}
      >
        <thead className="sticky top-0 z-10">
          <tr aria-rowindex={1} style={{ height: headerHeightPx }} className="bg-raised text-muted text-xs">
            <SortHeader {...props} sort="name" className="pl-4" />
            <SortHeader {...props} sort="size" className="hidden w-28 text-right md:table-cell" />
            <th scope="col" className="hidden w-28 px-3 font-medium md:table-cell">
              {t('columns.mode')}
            </th>
            <th scope="col" className="hidden w-32 px-3 font-medium lg:table-cell">
              {t('columns.owner')}
            </th>
            <SortHeader {...props} sort="modified" className="hidden w-36 md:table-cell" />
            <th scope="col" className="w-12">
              <span className="sr-only">{t('columns.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr aria-hidden style={{ height: above }} />}
          {items.map(({ index }) => {
            const entry = entries[index];
            if (!entry) return null;
            return (
              <FileRow
                key={`${index} ${entry.Name}`}
                id={`${rowId}-${index}`}
                entry={entry}
                rowIndex={index + 2}
                isActive={index === active}
                actions={actions}
                onPoint={() => onActive(index)}
              />
            );
          })}
          {below > 0 && <tr aria-hidden style={{ height: below }} />}
        </tbody>
      </table>
    </div>
  );
}

function SortHeader({
  sort,
  className,
  arrangement,
  onSort,
}: Pick<FileListProps, 'arrangement' | 'onSort'> & { sort: EntrySort; className: string }) {
  const t = useTranslations('files.columns');
  const isActive = arrangement.sort === sort;
  const Arrow = arrangement.descending ? ArrowDown : ArrowUp;
  return (
    <th
      scope="col"
      aria-sort={isActive ? (arrangement.descending ? 'descending' : 'ascending') : undefined}
      className={classNames('px-3 font-medium', className)}
    >
      <button
        type="button"
        onClick={() => onSort(sort)}
        className={classNames(
          'inline-flex h-7 items-center gap-1 rounded-sm hover:text-ink',
          sort === 'size' && 'flex-row-reverse',
          isActive && 'text-ink',
        )}
      >
        {t(sort)}
        <Arrow aria-hidden className={classNames('size-3', !isActive && 'invisible')} />
      </button>
    </th>
  );
}
