'use client';
import { Download, Trash2, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import { useUnits } from '@/components/stats/use-units.ts';
import { Banner } from '@/components/ui/banner.tsx';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import type { ImageView } from '@/server/views.ts';
import { exportHref, imageName, rowKey } from './image-names.ts';
import type { ImageMutations } from './image-types.ts';

interface ImageBulkBarProps {
  chosen: ImageView[];
  removeSeveral: ImageMutations['removeSeveral'];
  onClear: () => void;
}

const namesShown = 8;

export function ImageBulkBar({ chosen, removeSeveral, onClear }: ImageBulkBarProps) {
  const t = useTranslations('images.bulk');
  const { bytes } = useUnits();
  const [open, setOpen] = useState(false);
  const [failures, setFailures] = useState<{ key: string; name: string; message: string }[]>([]);
  const hostIds = new Set(chosen.map(({ hostId }) => hostId));
  const [hostId] = hostIds;
  const size = chosen.reduce((sum, image) => sum + image.sizeBytes, 0);
  const confirm = async () => {
    const outcomes = await removeSeveral(chosen.map((image) => ({ hostId: image.hostId, id: image.id })));
    const failed = outcomes.filter((outcome) => !outcome.ok);
    setFailures(
      failed.map((outcome) => {
        const image = chosen.find((each) => rowKey(each) === rowKey(outcome));
        return { key: rowKey(outcome), name: image ? imageName(image) : outcome.id, message: outcome.message };
      }),
    );
    const done = outcomes.length - failed.length;
    if (done > 0) toast.success(t('done', { count: done }));
    if (failed.length === 0) onClear();
    return null;
  };
  return (
    <div className="mb-3 flex flex-col gap-2">
      <div
        role="toolbar"
        aria-label={t('label')}
        className="flex flex-wrap items-center gap-2 rounded-md border border-accent/40 bg-accent-soft px-3 py-2"
      >
        <span className="flex basis-full items-center gap-1 font-medium sm:mr-auto sm:basis-auto">
          <Button size="icon-sm" variant="ghost" aria-label={t('clear')} onClick={onClear}>
            <X aria-hidden />
          </Button>
          {t('selected', { count: chosen.length, size: bytes(size) })}
        </span>
        {hostIds.size === 1 && hostId !== undefined ? (
          <a
            href={exportHref(
              hostId,
              chosen.flatMap(({ id, repoTags }) => (repoTags.length > 0 ? repoTags : [id])),
            )}
            download
            className={buttonClass({ size: 'sm' })}
          >
            <Download aria-hidden />
            {t('export')}
          </a>
        ) : (
          <span className="text-muted text-xs">{t('exportOneHost')}</span>
        )}
        <Button size="sm" variant="danger-quiet" onClick={() => setOpen(true)}>
          <Trash2 aria-hidden />
          {t('remove')}
        </Button>
      </div>
      {failures.length > 0 && (
        <Banner tone="danger" role="alert" title={t('failed', { count: failures.length })}>
          <ul>
            {failures.map((failure) => (
              <li key={failure.key}>
                <span className="font-medium">{failure.name}</span>: {failure.message}
              </li>
            ))}
          </ul>
        </Banner>
      )}
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={t('title', { count: chosen.length })}
        confirmLabel={t('remove')}
        onConfirm={confirm}
      >
        <p>{t('text')}</p>
        <ul className="mt-3 flex flex-wrap gap-1">
          {chosen.slice(0, namesShown).map((image) => (
            <li
              key={rowKey(image)}
              className="max-w-full truncate rounded-sm bg-raised px-1.5 py-0.5 font-medium text-ink text-sm"
            >
              {imageName(image)}
            </li>
          ))}
          {chosen.length > namesShown && (
            <li className="px-1.5 py-0.5 text-sm">{t('more', { count: chosen.length - namesShown })}</li>
          )}
        </ul>
      </ConfirmDialog>
    </div>
  );
}
