'use client';
import { CirclePlay, CircleStop, Trash2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import { Button } from '@/components/ui/button.tsx';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { type Failure, FailureList } from '@/components/ui/failure-list.tsx';
import { NameChips } from '@/components/ui/name-chips.tsx';
import { SelectionBar } from '@/components/ui/selection-bar.tsx';
import type { ContainerView } from '@/server/views.ts';
import type { BulkActionName, BulkOutcome, ContainerTarget } from './container-types.ts';

interface BulkBarProps {
  chosen: ContainerView[];
  bulk: (action: BulkActionName, targets: ContainerTarget[]) => Promise<BulkOutcome[]>;
  onClear: () => void;
}

const icons = { start: CirclePlay, stop: CircleStop, remove: Trash2 } as const;

export function BulkBar({ chosen, bulk, onClear }: BulkBarProps) {
  const t = useTranslations('containers');
  const [asked, setAsked] = useState<BulkActionName>('stop');
  const [open, setOpen] = useState(false);
  const [failures, setFailures] = useState<Failure[]>([]);
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
      failed.map(({ id, message }) => ({
        key: id,
        name: chosen.find((entry) => entry.id === id)?.name ?? id,
        message,
      })),
    );
    const done = outcomes.length - failed.length;
    if (done > 0) toast.success(t(`bulk.done.${asked}`, { count: done }));
    if (failed.length === 0) onClear();
    return null;
  };
  return (
    <div className="mb-3 flex flex-col gap-2">
      <SelectionBar
        label={t('bulk.label')}
        clearLabel={t('bulk.clear')}
        text={t('bulk.selected', { count: chosen.length })}
        onClear={onClear}
      >
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
      </SelectionBar>
      <FailureList title={t('bulk.failed', { count: failures.length })} failures={failures} />
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={t(`bulk.title.${asked}`, { count: chosen.length })}
        confirmLabel={t(`actions.${asked}`)}
        tone={asked === 'start' ? 'primary' : 'danger'}
        onConfirm={confirm}
      >
        <p>{t(`bulk.text.${asked}`)}</p>
        <NameChips
          names={chosen.map(({ id, name }) => ({ key: id, name }))}
          moreText={(count) => t('more', { count })}
        />
      </ConfirmDialog>
    </div>
  );
}
