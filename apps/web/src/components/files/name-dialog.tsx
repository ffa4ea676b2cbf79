'use client';
import type { FileEntry } from '@berth/shared/berth/files';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { TextField } from '@/components/ui/field.tsx';
import { joinPath, nameMistake } from '@/format/file-path.ts';
import { visibleText } from '@/format/visible-text.ts';
import type { FileSpaceView } from './file-space.ts';
import { makeDirectory, writeText } from './request.ts';

interface NameDialogProps {
  space: FileSpaceView;
  directory: string;
  kind: 'file' | 'directory';
  entries: readonly FileEntry[];
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onMade: (name: string) => void;
}

/** Asks for the name of a new, empty file or directory, and makes it. */
export function NameDialog({ space, directory, kind, entries, open, onOpenChange, onMade }: NameDialogProps) {
  const t = useTranslations('files');
  const [name, setName] = useState('');
  const [mistake, setMistake] = useState<string | undefined>();
  const change = (next: boolean) => {
    setName('');
    setMistake(undefined);
    onOpenChange(next);
  };
  const confirm = async () => {
    const wrong = nameMistake(name) ?? (entries.some((entry) => entry.Name === name) ? 'taken' : null);
    if (wrong) {
      setMistake(t(`nameMistakes.${wrong}`));
      return undefined;
    }
    const path = joinPath(directory, name);
    const result =
      kind === 'directory' ? await makeDirectory(space, path) : await writeText(space, path, { text: '', etag: null });
    if (!result.ok) return result.message ? visibleText(result.message) : t('connectionLost');
    toast.success(t('made', { name: visibleText(name) }));
    onMade(name);
    setName('');
    return null;
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={change}
      title={t(kind === 'directory' ? 'newDirectory' : 'newFile')}
      confirmLabel={t('create')}
      tone="primary"
      onConfirm={confirm}
    >
      <TextField
        className="mt-2 text-ink"
        label={t('columns.name')}
        value={name}
        error={mistake}
        onChange={(event) => {
          setName(event.target.value);
          setMistake(undefined);
        }}
      />
    </ConfirmDialog>
  );
}
