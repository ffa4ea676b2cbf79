'use client';
import type { FileEntry } from '@berth/shared/berth/files';
import { WifiOff } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useRef, useState } from 'react';
import { Card } from '@/components/ui/card.tsx';
import { classNames } from '@/components/ui/class-names.ts';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { baseName, parentPath } from '@/format/file-path.ts';
import { visibleText } from '@/format/visible-text.ts';
import { type Arrangement, arrangeEntries } from './arrange-entries.ts';
import { DeleteDialog } from './delete-dialog.tsx';
import { DirectoryFailure } from './directory-failure.tsx';
import { FileList } from './file-list.tsx';
import { type FileSpaceView, spaceUrl } from './file-space.ts';
import { FileToolbar } from './file-toolbar.tsx';
import { FileView } from './file-view.tsx';
import { ListEmpty, ListFooter, ListSkeleton } from './list-parts.tsx';
import { NameDialog } from './name-dialog.tsx';
import { ReplaceDialog } from './replace-dialog.tsx';
import { UploadList } from './upload-list.tsx';
import { useDirectory } from './use-directory.ts';
import { useDropZone } from './use-drop-zone.ts';
import { useEntryActions } from './use-entry-actions.ts';
import { useFilesPlace } from './use-files-place.ts';
import { useLeaveGuard } from './use-leave-guard.ts';
import { useUploads } from './use-uploads.ts';

interface FileBrowserProps {
  space: FileSpaceView;
  offline: boolean;
}

/** The files of a container or a volume. Everything it shows is somebody else's word, and is shown as text alone. */
export function FileBrowser({ space, offline }: FileBrowserProps) {
  const t = useTranslations('files');
  if (!offline) return <OnlineBrowser space={space} />;
  return (
    <Card>
      <EmptyState icon={WifiOff} title={t('offline')}>
        {t('offlineText')}
      </EmptyState>
    </Card>
  );
}

const byName: Arrangement = { search: '', sort: 'name', descending: false };

function OnlineBrowser({ space }: { space: FileSpaceView }) {
  const t = useTranslations('files');
  const [place, go] = useFilesPlace();
  const { path, open } = place;
  const { directory, isLoading, reload } = useDirectory(space, path);
  const { uploads, add, cancel, clear } = useUploads(space, { onIdle: reload, tooLarge: t('uploads.tooLarge') });
  const [arrangement, setArrangement] = useState(byName);
  const [activeName, setActiveName] = useState<string | null>(null);
  const [removing, setRemoving] = useState<FileEntry | null>(null);
  const [isRemoving, setIsRemoving] = useState(false);
  const [making, setMaking] = useState<'file' | 'directory' | null>(null);
  const [replacing, setReplacing] = useState<File[]>([]);
  const [isDirty, setDirty] = useState(false);
  const guard = useLeaveGuard(isDirty);
  const grid = useRef<HTMLTableElement>(null);
  const searchInput = useRef<HTMLInputElement>(null);
  useSlashKey(searchInput);

  const entries = directory?.result.ok ? directory.result.value.Entries : [];
  const shown = arrangeEntries(entries, arrangement);
  const active = Math.max(
    0,
    shown.findIndex(({ Name }) => Name === activeName),
  );
  const taken = (files: File[]) => files.filter(({ name }) => entries.some(({ Name }) => Name === name));
  const upload = (files: File[]) => {
    if (files.length === 0) return;
    if (taken(files).length > 0) setReplacing(files);
    else add(path, files, new Set());
  };
  const travel = (to: string) => {
    setArrangement((kept) => ({ ...kept, search: '' }));
    setActiveName(null);
    go({ path: to, open: null });
  };
  const close = () => {
    setActiveName(open);
    go({ path, open: null });
    reload();
  };
  const up = () => {
    if (open !== null) return close();
    if (path === '/') return;
    travel(parentPath(path));
    // One comes out where one went in.
    setActiveName(baseName(path));
  };
  const actions = useEntryActions({
    space,
    directory: path,
    go: (next) => {
      if (next.open === null) travel(next.path);
      else go(next);
    },
    remove: (entry) => {
      setRemoving(entry);
      setIsRemoving(true);
    },
  });
  const isListed = directory?.result.ok === true && directory.path === path;
  const { isOver, zone } = useDropZone({ isEnabled: isListed && open === null, onFiles: upload });

  return (
    <Card {...zone} className={classNames('overflow-hidden', isOver && 'border-accent ring-2 ring-accent/40')}>
      <FileToolbar
        path={path}
        open={open}
        onGo={(to) => guard.leave(() => travel(to))}
        onUp={() => guard.leave(up)}
        onReload={reload}
        isLoading={isLoading}
        search={arrangement.search}
        onSearch={(search) => setArrangement((kept) => ({ ...kept, search }))}
        searchRef={searchInput}
        onLeaveSearch={() => grid.current?.focus()}
        downloadHref={spaceUrl(space, 'archive', { path })}
        isWritable={isListed}
        onUpload={upload}
        onNew={setMaking}
      />
      <UploadList uploads={uploads} onCancel={cancel} onClear={clear} />
      {open !== null ? (
        <FileView
          key={`${path}\n${open}`}
          space={space}
          directory={path}
          name={open}
          isDirty={isDirty}
          onDirty={setDirty}
          onClose={() => guard.leave(close)}
        />
      ) : directory === null ? (
        <ListSkeleton />
      ) : !directory.result.ok ? (
        <DirectoryFailure {...directory.result} path={path} onRetry={reload} onUp={up} />
      ) : shown.length === 0 ? (
        <ListEmpty
          isSearch={arrangement.search !== ''}
          onClear={() => setArrangement((kept) => ({ ...kept, search: '' }))}
          onUp={path === '/' ? null : up}
        />
      ) : (
        <FileList
          label={t('listLabel', { name: space.name })}
          entries={shown}
          isBusy={directory.path !== path}
          arrangement={arrangement}
          onSort={(sort) =>
            setArrangement((kept) => ({ ...kept, sort, descending: kept.sort === sort && !kept.descending }))
          }
          active={active}
          onActive={(index) => setActiveName(shown[index]?.Name ?? null)}
          onUp={up}
          actions={actions}
          gridRef={grid}
        />
      )}
      {open === null && isListed && (
        <ListFooter
          shown={shown}
          total={entries.length}
          isTruncated={directory.result.ok && directory.result.value.Truncated === true}
        />
      )}
      {removing && (
        <DeleteDialog
          space={space}
          directory={path}
          entry={removing}
          open={isRemoving}
          onOpenChange={setIsRemoving}
          onRemoved={() => {
            setActiveName((shown[active + 1] ?? shown[active - 1])?.Name ?? null);
            reload();
          }}
        />
      )}
      <NameDialog
        space={space}
        directory={path}
        kind={making ?? 'file'}
        entries={entries}
        open={making !== null}
        onOpenChange={(isOpen) => !isOpen && setMaking(null)}
        onMade={(name) => {
          setActiveName(name);
          if (making === 'file') go({ path, open: name });
          reload();
        }}
      />
      <ReplaceDialog
        names={taken(replacing).map(({ name }) => name)}
        open={replacing.length > 0}
        onOpenChange={(isOpen) => !isOpen && setReplacing([])}
        onReplace={() => add(path, replacing, new Set(taken(replacing).map(({ name }) => name)))}
      />
      <ConfirmDialog
        open={guard.isAsking}
        onOpenChange={(isOpen) => !isOpen && guard.stay()}
        title={t('leaveTitle', { name: visibleText(open ?? '') })}
        confirmLabel={t('discard')}
        onConfirm={async () => {
          guard.confirm();
          return null;
        }}
      >
        <p>{t('leaveText')}</p>
      </ConfirmDialog>
    </Card>
  );
}

/** As in many lists: a slash begins a search, unless it is meant as text. */
function useSlashKey(input: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.altKey || event.metaKey) return;
      const isText =
        event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]');
      if (isText || document.querySelector('[role=alertdialog], [role=dialog], [role=menu]')) return;
      if (!input.current) return;
      event.preventDefault();
      input.current.focus();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [input]);
}
