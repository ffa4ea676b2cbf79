'use client';
import { CircleCheck, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import { Progress } from '@/components/ui/progress.tsx';
import { VisibleText } from '@/components/ui/visible-text.tsx';
import { visibleText } from '@/format/visible-text.ts';
import type { Restore } from './use-restore.ts';

export function RestoreProgress({ restore, onCancel }: { restore: Restore; onCancel: () => void }) {
  const t = useTranslations('volumes.backup');
  const { bytes, percent } = useUnits();
  if (restore.step === 'idle') return null;
  if (restore.step === 'done') {
    return (
      <p role="status" className="mt-3 flex items-center gap-2 text-success">
        <CircleCheck aria-hidden className="size-4 shrink-0" />
        <span className="min-w-0 break-words">{t('done', { name: visibleText(restore.fileName) })}</span>
      </p>
    );
  }
  if (restore.step === 'failed') {
    return (
      <Banner tone="danger" role="alert" className="mt-3" title={t('failed', { name: visibleText(restore.fileName) })}>
        {restore.message ? visibleText(restore.message) : t('connectionLost')}
      </Banner>
    );
  }
  const { fileName, sentBytes, totalBytes } = restore;
  const ratio = totalBytes > 0 ? Math.min(1, sentBytes / totalBytes) : 0;
  return (
    <div className="mt-3">
      <div className="mb-1 flex items-center justify-between gap-3 text-sm">
        <span className="min-w-0 truncate whitespace-pre">
          <VisibleText text={fileName} />
        </span>
        <span role="status" className="whitespace-nowrap text-muted">
          {sentBytes >= totalBytes
            ? t('unpacking')
            : t('sent', { sent: bytes(sentBytes), total: bytes(totalBytes), percent: percent(ratio) })}
        </span>
        <Button variant="ghost" size="icon-sm" aria-label={t('cancel')} onClick={onCancel}>
          <X aria-hidden />
        </Button>
      </div>
      <Progress label={t('progress')} ratio={ratio} valueText={percent(ratio)} />
    </div>
  );
}
