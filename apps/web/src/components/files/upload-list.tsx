'use client';
import { Ban, CircleCheck, CircleX, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { Button } from '@/components/ui/button.tsx';
import { Progress } from '@/components/ui/progress.tsx';
import { VisibleText } from '@/components/ui/visible-text.tsx';
import { visibleText } from '@/format/visible-text.ts';
import { isUnderWay, type Upload } from './use-uploads.ts';

interface UploadListProps {
  uploads: Upload[];
  onCancel: (id: number) => void;
  onClear: () => void;
}

export function UploadList({ uploads, onCancel, onClear }: UploadListProps) {
  const t = useTranslations('files.uploads');
  if (uploads.length === 0) return null;
  const left = uploads.filter(isUnderWay).length;
  return (
    <section aria-label={t('title')} className="border-line border-b bg-raised/50 px-4 py-2.5">
      <div className="flex items-center justify-between gap-3">
        <p role="status" className="font-medium text-sm">
          {left > 0 ? t('left', { count: left }) : t('finished', { count: uploads.length })}
        </p>
        {left < uploads.length && (
          <Button size="sm" variant="ghost" onClick={onClear}>
            {t('clear')}
          </Button>
        )}
      </div>
      <ul className="mt-1 flex max-h-48 flex-col gap-1.5 overflow-y-auto">
        {uploads.map((upload) => (
          <UploadRow key={upload.id} upload={upload} onCancel={() => onCancel(upload.id)} />
        ))}
      </ul>
    </section>
  );
}

function UploadRow({ upload, onCancel }: { upload: Upload; onCancel: () => void }) {
  const t = useTranslations('files.uploads');
  const { bytes, percent } = useUnits();
  const { name, state, sentBytes, totalBytes } = upload;
  const ratio = totalBytes > 0 ? Math.min(1, sentBytes / totalBytes) : 0;
  return (
    <li className="text-sm">
      <div className="flex min-h-7 items-center gap-2">
        {state === 'done' && <CircleCheck aria-hidden className="size-4 shrink-0 text-success" />}
        {state === 'failed' && <CircleX aria-hidden className="size-4 shrink-0 text-danger" />}
        {state === 'cancelled' && <Ban aria-hidden className="size-4 shrink-0 text-faint" />}
        <span className="min-w-0 flex-1 truncate whitespace-pre">
          <VisibleText text={name} />
        </span>
        <span className="whitespace-nowrap text-muted text-xs">
          {state === 'sending'
            ? sentBytes >= totalBytes
              ? t('storing')
              : t('sent', { sent: bytes(sentBytes), total: bytes(totalBytes), percent: percent(ratio) })
            : state === 'done'
              ? bytes(totalBytes)
              : t(`states.${state}`)}
        </span>
        {isUnderWay(upload) && (
          <Button
            size="icon-sm"
            variant="ghost"
            aria-label={t('cancel', { name: visibleText(name) })}
            onClick={onCancel}
          >
            <X aria-hidden />
          </Button>
        )}
      </div>
      {state === 'sending' && (
        <Progress label={t('progress', { name: visibleText(name) })} ratio={ratio} valueText={percent(ratio)} />
      )}
      {state === 'failed' && (
        <p role="alert" className="pl-6 text-danger text-xs [overflow-wrap:anywhere]">
          {upload.message ? visibleText(upload.message) : t('connectionLost')}
        </p>
      )}
    </li>
  );
}
