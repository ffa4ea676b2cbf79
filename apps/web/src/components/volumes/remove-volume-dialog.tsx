'use client';
import { useTranslations } from 'next-intl';
import { toast } from 'sonner';
import { useUnits } from '@/components/stats/use-units.ts';
import { Banner } from '@/components/ui/banner.tsx';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { visibleText } from '@/format/visible-text.ts';
import type { VolumeView } from '@/server/views.ts';
import { shortName, type VolumeMutations, volumeSource } from './volume-types.ts';

interface RemoveVolumeDialogProps {
  volume: VolumeView;
  bytes: number | null | undefined;
  remove: VolumeMutations['remove'];
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onRemoved?: () => void;
}

/** Says what is lost. While containers have the volume the host would refuse, so it is said before. */
export function RemoveVolumeDialog({
  volume,
  bytes: size,
  remove,
  open,
  onOpenChange,
  onRemoved,
}: RemoveVolumeDialogProps) {
  const t = useTranslations('volumes');
  const { bytes } = useUnits();
  const name = shortName(volume);
  const confirm = async () => {
    const result = await remove(volume.hostId, volume.name);
    if (!result.ok) return visibleText(result.message);
    toast.success(t('removed', { name }));
    onRemoved?.();
    return null;
  };
  const isOutside = volumeSource(volume) === 'bind';
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('removeTitle', { name })}
      confirmLabel={t('remove')}
      onConfirm={confirm}
    >
      <p>
        {isOutside
          ? t('removeBindText', { path: volume.options.device ?? '' })
          : typeof size === 'number'
            ? t('removeSizeText', { size: bytes(size), host: volume.hostName })
            : t('removeText', { host: volume.hostName })}
      </p>
      {volume.users.length > 0 && (
        <Banner tone="warning" className="mt-3" title={t('inUseTitle')}>
          {t('inUseText', { names: volume.users.map((user) => user.name).join(', ') })}
        </Banner>
      )}
    </ConfirmDialog>
  );
}
