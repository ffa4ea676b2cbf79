'use client';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import { useUnits } from '@/components/stats/use-units.ts';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { SwitchField } from '@/components/ui/switch-field.tsx';
import type { ContainerView, ImageView } from '@/server/views.ts';
import { imageName } from './image-names.ts';
import type { RemoveImage } from './image-types.ts';

interface RemoveImageDialogProps {
  image: ImageView;
  /** Where known: what keeps it from going. */
  usedBy?: ContainerView[];
  open: boolean;
  onOpenChange: (open: boolean) => void;
  remove: RemoveImage;
  onRemoved?: () => void;
}

/** Says what goes with it before it goes. */
export function RemoveImageDialog({
  image,
  usedBy = [],
  open,
  onOpenChange,
  remove,
  onRemoved,
}: RemoveImageDialogProps) {
  const t = useTranslations('images');
  const { bytes } = useUnits();
  const [force, setForce] = useState(false);
  const name = imageName(image);
  const freed = image.sizeBytes - Math.max(0, image.sharedBytes);
  const confirm = async () => {
    const result = await remove(image.hostId, image.id, { force });
    if (!result.ok) return result.message;
    toast.success(t('removed', { name }));
    setForce(false);
    onRemoved?.();
    return null;
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('removeTitle', { name })}
      confirmLabel={t('remove')}
      onConfirm={confirm}
    >
      <p>{t('removeText', { host: image.hostName })}</p>
      <ul className="mt-3 flex list-disc flex-col gap-1 pl-5 text-sm">
        {image.repoTags.map((tag) => (
          <li key={tag} className="break-all">
            {t('removeTag', { tag })}
          </li>
        ))}
        <li>{t('removeFrees', { size: bytes(freed) })}</li>
        {image.sharedBytes > 0 && <li>{t('removeShared', { size: bytes(image.sharedBytes) })}</li>}
      </ul>
      {image.containers > 0 && (
        <p className="mt-3 text-sm text-warning">
          {t('removeInUse', { count: image.containers })}{' '}
          {usedBy.map((container, index) => (
            <span key={container.id}>
              {index > 0 && ', '}
              <Link href={`/hosts/${container.hostId}/containers/${container.id}`} className="underline">
                {container.name}
              </Link>
            </span>
          ))}
        </p>
      )}
      {(image.containers > 0 || image.repoTags.length > 1) && (
        <div className="mt-4 text-ink">
          <SwitchField label={t('force')} hint={t('forceHint')} checked={force} onChange={setForce} />
        </div>
      )}
    </ConfirmDialog>
  );
}
