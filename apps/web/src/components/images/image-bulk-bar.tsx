'use client';
import { Download, Trash2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import { useUnits } from '@/components/stats/use-units.ts';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { type Failure, FailureList } from '@/components/ui/failure-list.tsx';
import { NameChips } from '@/components/ui/name-chips.tsx';
import { SelectionBar } from '@/components/ui/selection-bar.tsx';
import type { ImageView } from '@/server/views.ts';
import { exportHref, imageName, rowKey } from './image-names.ts';
import type { ImageMutations } from './image-types.ts';

interface ImageBulkBarProps {
  chosen: ImageView[];
  removeSeveral: ImageMutations['removeSeveral'];
  onClear: () => void;
}

export function ImageBulkBar({ chosen, removeSeveral, onClear }: ImageBulkBarProps) {
  const t = useTranslations('images.bulk');
  const { bytes } = useUnits();
  const [open, setOpen] = useState(false);
  const [failures, setFailures] = useState<Failure[]>([]);
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
      <SelectionBar
        label={t('label')}
        clearLabel={t('clear')}
        text={t('selected', { count: chosen.length, size: bytes(size) })}
        onClear={onClear}
      >
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
      </SelectionBar>
      <FailureList title={t('failed', { count: failures.length })} failures={failures} />
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={t('title', { count: chosen.length })}
        confirmLabel={t('remove')}
        onConfirm={confirm}
      >
        <p>{t('text')}</p>
        <NameChips
          names={chosen.map((image) => ({ key: rowKey(image), name: imageName(image) }))}
          moreText={(count) => t('more', { count })}
        />
      </ConfirmDialog>
    </div>
  );
}
