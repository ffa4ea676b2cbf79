'use client';
import { useTranslations } from 'next-intl';
import { toast } from 'sonner';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import type { ContainerMutations, ContainerTarget } from './container-types.ts';

interface KillDialogProps {
  container: ContainerTarget;
  mutations: ContainerMutations;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Unlike stop, kill gives the program no time to save its work: it asks. */
export function KillDialog({ container, mutations, open, onOpenChange }: KillDialogProps) {
  const t = useTranslations('containers');
  const confirm = async () => {
    const result = await mutations.act(container.hostId, container.id, 'kill');
    if (!result.ok) return result.message;
    toast.success(t('done.kill', { name: container.name }));
    return null;
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('killTitle', { name: container.name })}
      confirmLabel={t('actions.kill')}
      onConfirm={confirm}
    >
      <p>{t('killText')}</p>
    </ConfirmDialog>
  );
}
