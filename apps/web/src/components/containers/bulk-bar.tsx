'use client';
import { CirclePlay, CircleStop, Trash2, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import type { ContainerView } from '@/server/views.ts';
import type { BulkActionName, BulkOutcome, ContainerTarget } from './container-types.ts';

interface BulkBarProps {
  chosen: ContainerView[];
  bulk: (action: BulkActionName, targets: ContainerTarget[]) => Promise<BulkOutcome[]>;
  onClear: () => void;
}

const icons = { start: CirclePlay, stop: CircleStop, remove: Trash2 } as const;
const namesShown = 8;

export function BulkBar({ chosen, bulk, onClear }: BulkBarProps) {
  const t = useTranslations('containers');
  const [asked, setAsked] = useState<BulkActionName>('stop');
  const [open, setOpen] = useState(false);
  const [failures, setFailures] = useState<{ name: string; message: string }[]>([]);
  const ask = (action: BulkActionName) => {
    setAsked(action);
    setOpen(true);
  };
  const confirm = async () => {
    const outcomes = await bulk(
      asked,
      chosen.map(({ hostId, id, name }) => ({ hostId, id, name })),
    );
    const failed = outcomes.filter((outcome) => !outcome.ok);
    setFailures(
      failed.map(({ id, message }) => ({ name: chosen.find((entry) => entry.id === id)?.name ?? id, message })),
    );
    const done = outcomes.length - failed.length;
    if (done > 0) toast.success(t(`bulk.done.${asked}`, { count: done }));
    if (failed.length === 0) onClear();
    return null;
  };
  return (
    <div className="mb-3 flex flex-col gap-2">
      <div
        role="toolbar"
        aria-label={t('bulk.label')}
        className="flex flex-wrap items-center gap-2 rounded-md border border-accent/40 bg-accent-soft px-3 py-2"
      >
        <span className="flex basis-full items-center gap-1 font-medium sm:mr-auto sm:basis-auto">
          <Button size="icon-sm" variant="ghost" aria-label={t('bulk.clear')} onClick={onClear}>
            <X aria-hidden />
          </Button>
          {t('bulk.selected', { count: chosen.length })}
        </span>
        {(['start', 'stop', 'remove'] as const).map((action) => {
          const Icon = icons[action];
          return (
            <Button
              key={action}
              size="sm"
              variant={action === 'remove' ? 'danger-quiet' : 'secondary'}
              onClick={() => ask(action)}
            >
              <Icon aria-hidden />
              {t(`actions.${action}`)}
            </Button>
          );
        })}
      </div>
      {failures.length > 0 && (
        <Banner tone="danger" role="alert" title={t('bulk.failed', { count: failures.length })}>
          <ul>
            {failures.map((failure) => (
              <li key={failure.name}>
                <span className="font-medium">{failure.name}</span>: {failure.message}
              </li>
            ))}
          </ul>
        </Banner>
      )}
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={t(`bulk.title.${asked}`, { count: chosen.length })}
        confirmLabel={t(`actions.${asked}`)}
        tone={asked === 'start' ? 'primary' : 'danger'}
        onConfirm={confirm}
      >
        <p>{t(`bulk.text.${asked}`)}</p>
        <ul className="mt-3 flex flex-wrap gap-1">
          {chosen.slice(0, namesShown).map((container) => (
            <li
              key={container.id}
              className="max-w-full truncate rounded-sm bg-raised px-1.5 py-0.5 font-medium text-ink text-sm"
            >
              {container.name}
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
