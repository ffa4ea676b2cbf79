'use client';
import type { FileEntry } from '@berth/shared/berth/files';
import { ArrowRight, Copy, Download, Ellipsis, Eye, FolderOpen, Trash2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { Button } from '@/components/ui/button.tsx';
import { classNames } from '@/components/ui/class-names.ts';
import { Menu, MenuItem, MenuSeparator } from '@/components/ui/menu.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import { VisibleText } from '@/components/ui/visible-text.tsx';
import { formatMode } from '@/format/file-mode.ts';
import { visibleText } from '@/format/visible-text.ts';
import { modifiedMs } from './arrange-entries.ts';
import { FileIcon } from './file-icon.tsx';

export interface EntryActions {
  open: (entry: FileEntry) => void;
  download: (entry: FileEntry) => void;
  copyPath: (entry: FileEntry) => void;
  remove: (entry: FileEntry) => void;
}

interface FileRowProps {
  id: string;
  entry: FileEntry;
  /** Its place among all rows, the header counted. */
  rowIndex: number;
  isActive: boolean;
  actions: EntryActions;
  onPoint: () => void;
}

export const rowHeightPx = 44;
const canBeRead = (entry: FileEntry) => ['file', 'directory', 'symlink'].includes(entry.Type);

export function FileRow({ id, entry, rowIndex, isActive, actions, onPoint }: FileRowProps) {
  const t = useTranslations('files');
  const { bytes } = useUnits();
  const modified = modifiedMs(entry);
  const size = entry.Type === 'file' ? bytes(entry.Size) : '–';
  return (
    <tr
      id={id}
      aria-rowindex={rowIndex}
      aria-selected={isActive}
      onPointerDown={onPoint}
      style={{ height: rowHeightPx }}
      className={classNames(
        'border-line border-b hover:bg-raised/60',
        isActive && 'bg-accent-soft/60 group-focus-visible/files:bg-accent-soft hover:bg-accent-soft/60',
      )}
    >
      <td className="pr-2 pl-4">
        <div className="flex min-w-0 items-center gap-2.5">
          <FileIcon entry={entry} />
          <div className="min-w-0">
            <div className="flex min-w-0 items-center gap-1.5">
              <button
                type="button"
                tabIndex={-1}
                title={visibleText(entry.Name)}
                onClick={() => actions.open(entry)}
                className={classNames(
                  'min-w-0 truncate whitespace-pre text-left font-medium hover:text-accent hover:underline',
                  entry.LinkTarget && 'max-w-[75%] shrink-0',
                )}
              >
                <VisibleText text={entry.Name} />
              </button>
              {entry.LinkTarget && (
                <span
                  title={visibleText(entry.LinkTarget)}
                  className="flex min-w-0 items-center gap-1 whitespace-pre text-muted text-sm"
                >
                  <ArrowRight aria-label={t('pointsTo')} className="size-3.5 shrink-0 text-faint" />
                  <span className="truncate">
                    <VisibleText text={entry.LinkTarget} />
                  </span>
                </span>
              )}
            </div>
            <div className="truncate text-muted text-xs md:hidden">
              {entry.Type === 'file' && `${size} · `}
              <span className="font-mono">{formatMode(entry.Type, entry.Mode)}</span>
              {' · '}
              <TimeAgo at={modified} />
            </div>
          </div>
        </div>
      </td>
      <td className="hidden whitespace-nowrap px-3 text-right text-sm md:table-cell">
        {entry.Type === 'file' ? size : <span className="text-faint">{size}</span>}
      </td>
      <td className="hidden whitespace-nowrap px-3 font-mono text-muted text-xs md:table-cell">
        {formatMode(entry.Type, entry.Mode)}
      </td>
      <td className="hidden whitespace-nowrap px-3 font-mono text-muted text-xs lg:table-cell">
        {entry.Uid}:{entry.Gid}
      </td>
      <td className="hidden whitespace-nowrap px-3 text-muted text-sm md:table-cell">
        <TimeAgo at={modified} />
      </td>
      <td className="pr-2 text-right">
        <Menu
          trigger={
            <Button
              variant="ghost"
              size="icon-sm"
              tabIndex={isActive ? 0 : -1}
              aria-label={t('menu', { name: visibleText(entry.Name) })}
            >
              <Ellipsis aria-hidden />
            </Button>
          }
        >
          <MenuItem
            icon={entry.Type === 'directory' ? FolderOpen : Eye}
            disabled={!canBeRead(entry)}
            onClick={() => actions.open(entry)}
          >
            {t('actions.open')}
          </MenuItem>
          <MenuItem icon={Download} disabled={!canBeRead(entry)} onClick={() => actions.download(entry)}>
            {t(entry.Type === 'directory' ? 'actions.downloadTar' : 'actions.download')}
          </MenuItem>
          <MenuItem icon={Copy} onClick={() => actions.copyPath(entry)}>
            {t('actions.copyPath')}
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon={Trash2} tone="danger" onClick={() => actions.remove(entry)}>
            {t('actions.delete')}
          </MenuItem>
        </Menu>
      </td>
    </tr>
  );
}
