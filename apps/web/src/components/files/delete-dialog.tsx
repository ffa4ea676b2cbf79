'use client';
import type { FileEntry } from '@berth/shared/berth/files';
import { useTranslations } from 'next-intl';
import { toast } from 'sonner';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { joinPath } from '@/format/file-path.ts';
import { visibleText } from '@/format/visible-text.ts';
import type { FileSpaceView } from './file-space.ts';
import { removeFile } from './request.ts';

interface DeleteDialogProps {
  space: FileSpaceView;
  directory: string;
  entry: FileEntry;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onRemoved: () => void;
}

export function DeleteDialog({ space, directory, entry, open, onOpenChange, onRemoved }: DeleteDialogProps) {
  const t = useTranslations('files');
  const isDirectory = entry.Type === 'directory';
  const shown = visibleText(entry.Name);
  const confirm = async () => {
    const result = await removeFile(space, joinPath(directory, entry.Name), { recursive: isDirectory });
    if (!result.ok) return result.message ? visibleText(result.message) : t('connectionLost');
    toast.success(t('deleted', { name: shown }));
    onRemoved();
    return null;
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('deleteTitle', { name: shown })}
      confirmLabel={t('actions.delete')}
      onConfirm={confirm}
    >
      <p>{t(isDirectory ? 'deleteDirectoryText' : entry.Type === 'symlink' ? 'deleteLinkText' : 'deleteText')}</p>
    </ConfirmDialog>
  );
}
