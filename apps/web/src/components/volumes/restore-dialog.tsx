'use client';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useUnits } from '@/components/stats/use-units.ts';
import { Banner } from '@/components/ui/banner.tsx';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { SwitchField } from '@/components/ui/switch-field.tsx';
import { visibleText } from '@/format/visible-text.ts';
import type { VolumeView } from '@/server/views.ts';
import type { RestoreOptions } from './use-restore.ts';
import { shortName } from './volume-types.ts';

interface RestoreDialogProps {
  volume: VolumeView;
  file: File;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onConfirm: (options: RestoreOptions) => void;
}

/** Nothing is lost unless it is asked for: without `replace` the host takes an archive only into an empty volume. */
export function RestoreDialog({ volume, file, open, onOpenChange, onConfirm }: RestoreDialogProps) {
  const t = useTranslations('volumes.backup');
  const { bytes } = useUnits();
  const [replace, setReplace] = useState(false);
  const busy = volume.users.filter(({ state }) => state === 'running' || state === 'paused' || state === 'restarting');
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => {
        setReplace(false);
        onOpenChange(next);
      }}
      title={t('restoreTitle', { name: shortName(volume) })}
      confirmLabel={t(replace ? 'replaceConfirm' : 'restore')}
      tone={replace ? 'danger' : 'primary'}
      onConfirm={async () => {
        // The warning below named them: whatever has it besides, the host still refuses.
        onConfirm({ replace, force: busy.length > 0 });
        setReplace(false);
        return null;
      }}
    >
      <p className="break-words">{t('restoreFrom', { name: visibleText(file.name), size: bytes(file.size) })}</p>
      <div className="mt-4 text-ink">
        <SwitchField label={t('replace')} hint={t('replaceHint')} checked={replace} onChange={setReplace} />
      </div>
      {busy.length > 0 && (
        <Banner tone="warning" className="mt-4" title={t('busyTitle')}>
          {t('busyText', { names: busy.map(({ name }) => name).join(', ') })}
        </Banner>
      )}
    </ConfirmDialog>
  );
}
