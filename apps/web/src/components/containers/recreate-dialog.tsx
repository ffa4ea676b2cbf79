'use client';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { SelectField } from '@/components/ui/field.tsx';
import { SwitchField } from '@/components/ui/switch-field.tsx';
import type { ActionResult } from '@/server/views.ts';
import type { ContainerTarget } from './container-types.ts';

export type Recreate = (
  hostId: string,
  containerId: string,
  options: { pull: boolean; watchSeconds: number },
) => Promise<ActionResult<{ jobId: string }>>;

interface RecreateDialogProps {
  container: ContainerTarget & { image: string };
  open: boolean;
  onOpenChange: (open: boolean) => void;
  recreate: Recreate;
}

const watches = [5, 10, 30, 60, 300] as const;

/** The work has a page of its own: this container's page goes with the container. */
export function RecreateDialog({ container, open, onOpenChange, recreate }: RecreateDialogProps) {
  const t = useTranslations('containers.recreate');
  const router = useRouter();
  const [pull, setPull] = useState(true);
  const [watchSeconds, setWatchSeconds] = useState(10);
  const confirm = async () => {
    const result = await recreate(container.hostId, container.id, { pull, watchSeconds });
    if (!result.ok) return result.message;
    router.push(`/images/work/${result.value.jobId}`);
    return null;
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('title', { name: container.name })}
      confirmLabel={t('confirm')}
      tone="primary"
      onConfirm={confirm}
    >
      <p>{t('text', { image: container.image })}</p>
      <div className="mt-4 flex flex-col gap-4 text-ink">
        <SwitchField label={t('pull')} hint={t('pullHint')} checked={pull} onChange={setPull} />
        <SelectField
          label={t('watch')}
          hint={t('watchHint')}
          value={watchSeconds}
          onChange={(event) => setWatchSeconds(Number(event.target.value))}
        >
          {watches.map((seconds) => (
            <option key={seconds} value={seconds}>
              {t('seconds', { count: seconds })}
            </option>
          ))}
        </SelectField>
      </div>
    </ConfirmDialog>
  );
}
