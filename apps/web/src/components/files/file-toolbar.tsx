'use client';
import { CornerLeftUp, Download, FilePlus, FolderPlus, Plus, RefreshCw, Search, Upload } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type KeyboardEvent, type RefObject, useRef } from 'react';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { classNames } from '@/components/ui/class-names.ts';
import { Menu, MenuItem } from '@/components/ui/menu.tsx';
import { Breadcrumbs } from './breadcrumbs.tsx';

interface FileToolbarProps {
  path: string;
  open: string | null;
  onGo: (path: string) => void;
  onUp: () => void;
  onReload: () => void;
  isLoading: boolean;
  search: string;
  onSearch: (search: string) => void;
  searchRef: RefObject<HTMLInputElement | null>;
  /** From the search field down to the list. */
  onLeaveSearch: () => void;
  /** The directory as a tar. */
  downloadHref: string;
  isWritable: boolean;
  onUpload: (files: File[]) => void;
  onNew: (kind: 'file' | 'directory') => void;
}

export function FileToolbar(props: FileToolbarProps) {
  const t = useTranslations('files');
  const { path, open, isLoading } = props;
  return (
    <div className="border-line border-b px-3 py-2">
      <div className="flex min-w-0 items-center gap-1">
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={t('up')}
          title={t('up')}
          disabled={path === '/' && open === null}
          onClick={props.onUp}
        >
          <CornerLeftUp aria-hidden />
        </Button>
        <div className="min-w-0 flex-1">
          <Breadcrumbs path={path} open={open} onGo={props.onGo} />
        </div>
        {open === null && (
          <Button variant="ghost" size="icon-sm" aria-label={t('reload')} title={t('reload')} onClick={props.onReload}>
            <RefreshCw aria-hidden className={classNames(isLoading && 'animate-spin')} />
          </Button>
        )}
      </div>
      {open === null && <Tools {...props} />}
    </div>
  );
}

function Tools(props: FileToolbarProps) {
  const t = useTranslations('files');
  const input = useRef<HTMLInputElement>(null);
  const { search, onSearch, onLeaveSearch, isWritable } = props;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onSearch('');
    else if (event.key !== 'Enter' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    onLeaveSearch();
  };
  return (
    <div className="mt-2 flex flex-wrap items-center gap-2">
      <search className="relative min-w-32 flex-1 sm:max-w-64">
        <Search
          aria-hidden
          className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-faint"
        />
        <input
          ref={props.searchRef}
          type="search"
          aria-label={t('search')}
          aria-keyshortcuts="/"
          placeholder={t('searchPlaceholder')}
          value={search}
          onChange={(event) => onSearch(event.target.value)}
          onKeyDown={onKeyDown}
          className="input pl-8.5"
        />
      </search>
      <div className="ml-auto flex gap-2">
        <a
          href={props.downloadHref}
          download
          aria-label={t('downloadDirectory')}
          title={t('downloadDirectory')}
          className={buttonClass({ size: 'icon' })}
        >
          <Download aria-hidden />
        </a>
        <Menu
          trigger={
            <Button disabled={!isWritable}>
              <Plus aria-hidden />
              {t('new')}
            </Button>
          }
        >
          <MenuItem icon={FilePlus} onClick={() => props.onNew('file')}>
            {t('newFile')}
          </MenuItem>
          <MenuItem icon={FolderPlus} onClick={() => props.onNew('directory')}>
            {t('newDirectory')}
          </MenuItem>
        </Menu>
        <input
          ref={input}
          type="file"
          multiple
          aria-label={t('chooseFiles')}
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => {
            props.onUpload([...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
        <Button variant="primary" disabled={!isWritable} onClick={() => input.current?.click()}>
          <Upload aria-hidden />
          {t('upload')}
        </Button>
      </div>
    </div>
  );
}
