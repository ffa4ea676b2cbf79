'use client';
import type { FileEntry } from '@berth/shared/berth/files';
import { useTranslations } from 'next-intl';
import { toast } from 'sonner';
import { copyText } from '@/components/ui/copy-button.tsx';
import { joinPath } from '@/format/file-path.ts';
import { visibleText } from '@/format/visible-text.ts';
import type { EntryActions } from './file-row.tsx';
import { downloadUrl, type FileSpaceView, startDownload } from './file-space.ts';
import { listFiles } from './request.ts';
import type { FilesPlace } from './use-files-place.ts';

interface UseEntryActions {
  space: FileSpaceView;
  directory: string;
  go: (place: FilesPlace) => void;
  remove: (entry: FileEntry) => void;
}

/** What can be done with an entry of a directory. */
export function useEntryActions({ space, directory, go, remove }: UseEntryActions): EntryActions {
  const t = useTranslations('files');
  const open = async (entry: FileEntry) => {
    const path = joinPath(directory, entry.Name);
    if (entry.Type === 'directory') return go({ path, open: null });
    if (entry.Type === 'file') return go({ path: directory, open: entry.Name });
    if (entry.Type !== 'symlink') return void toast.info(t('noContent', { name: visibleText(entry.Name) }));
    // Only the host knows what is at the other end, and it does not leave the container for it.
    const target = await listFiles(space, path, AbortSignal.timeout(30_000));
    if (target.ok) go({ path, open: null });
    else if (target.kind === 'invalid-parameter') go({ path: directory, open: entry.Name });
    else toast.error(visibleText(target.message) || t('connectionLost'));
  };
  return {
    open,
    download: (entry) => startDownload(downloadUrl(space, directory, entry)),
    copyPath: async (entry) => {
      const isCopied = await copyText(joinPath(directory, entry.Name));
      if (isCopied) toast.success(t('pathCopied'));
      else toast.error(t('pathNotCopied'));
    },
    remove,
  };
}
