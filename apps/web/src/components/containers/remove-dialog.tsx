'use client';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { SwitchField } from '@/components/ui/switch-field.tsx';
import type { ContainerView } from '@/server/views.ts';
import type { ContainerMutations } from './container-types.ts';
import { isAlive } from './possible-actions.ts';

interface RemoveDialogProps {
  container: Pick<ContainerView, 'hostId' | 'id' | 'name' | 'state'>;
  mutations: ContainerMutations;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onRemoved?: () => void;
}

export function RemoveDialog({ container, mutations, open, onOpenChange, onRemoved }: RemoveDialogProps) {
  const t = useTranslations('containers');
  const [volumes, setVolumes] = useState(false);
  const alive = isAlive(container.state);
  const confirm = async () => {
    const result = await mutations.remove(container.hostId, container.id, { force: alive, volumes });
    if (!result.ok) return result.message;
    toast.success(t('done.remove', { name: container.name }));
    onRemoved?.();
    return null;
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('removeTitle', { name: container.name })}
      confirmLabel={t('actions.remove')}
      onConfirm={confirm}
    >
      <p>{t(alive ? 'removeAliveText' : 'removeText')}</p>
      <div className="mt-4 text-ink">
        <SwitchField label={t('removeVolumes')} hint={t('removeVolumesHint')} checked={volumes} onChange={setVolumes} />
      </div>
    </ConfirmDialog>
  );
}
