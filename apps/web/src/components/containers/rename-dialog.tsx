'use client';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { TextField } from '@/components/ui/field.tsx';
import type { ContainerMutations, ContainerTarget } from './container-types.ts';
import { namePattern } from './create-draft.ts';

interface RenameDialogProps {
  container: ContainerTarget;
  mutations: ContainerMutations;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function RenameDialog({ container, mutations, open, onOpenChange }: RenameDialogProps) {
  const t = useTranslations();
  /** null: not touched yet, the field shows the name that is. */
  const [draft, setDraft] = useState<string | null>(null);
  const [isWrong, setIsWrong] = useState(false);
  const change = (next: boolean) => {
    setDraft(null);
    setIsWrong(false);
    onOpenChange(next);
  };
  const confirm = async () => {
    const name = (draft ?? container.name).trim();
    if (name === container.name) return null;
    if (!namePattern.test(name)) {
      setIsWrong(true);
      return undefined;
    }
    const result = await mutations.rename(container.hostId, container.id, name);
    if (!result.ok) return result.message;
    toast.success(t('containers.done.rename', { name }));
    return null;
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={change}
      title={t('containers.renameTitle', { name: container.name })}
      confirmLabel={t('containers.actions.rename')}
      tone="primary"
      onConfirm={confirm}
    >
      <TextField
        className="mt-2 text-ink"
        label={t('containers.columns.name')}
        value={draft ?? container.name}
        error={isWrong ? t('create.errors.name') : undefined}
        onChange={(event) => {
          setDraft(event.target.value);
          setIsWrong(false);
        }}
      />
    </ConfirmDialog>
  );
}
