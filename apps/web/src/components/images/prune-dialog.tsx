'use client';
import { Eraser } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';
import { toast } from 'sonner';
import { useUnits } from '@/components/stats/use-units.ts';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { SelectField } from '@/components/ui/field.tsx';
import { Skeleton } from '@/components/ui/skeleton.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import type { ActionResult, PrunePreview } from '@/server/views.ts';
import { firstHost, HostSelect } from './host-select.tsx';
import { shortId } from './image-names.ts';
import type { HostChoice, ImageMutations } from './image-types.ts';

interface PruneDialogProps {
  hosts: HostChoice[];
  mutations: Pick<ImageMutations, 'previewPrune' | 'prune'>;
}

const ages = [0, 24, 168, 720] as const;

/** Shows what would go and what that frees, by the options chosen, before anything goes. */
export function PruneDialog({ hosts, mutations }: PruneDialogProps) {
  const t = useTranslations('images.prune');
  const { bytes } = useUnits();
  const [open, setOpen] = useState(false);
  const [hostId, setHostId] = useState(firstHost(hosts));
  const [all, setAll] = useState(false);
  const [olderThanHours, setOlderThanHours] = useState(0);
  const [preview, setPreview] = useState<ActionResult<PrunePreview> | null>(null);
  const { previewPrune } = mutations;
  // The latest question is the one whose answer counts.
  useEffect(() => {
    if (!open) return;
    let isLatest = true;
    setPreview(null);
    previewPrune(hostId, { all, olderThanHours }).then(
      (answer) => isLatest && setPreview(answer),
      () => isLatest && setPreview({ ok: false, kind: 'unavailable', message: t('noAnswer') }),
    );
    return () => {
      isLatest = false;
    };
  }, [open, hostId, all, olderThanHours, previewPrune, t]);
  const confirm = async () => {
    if (!preview?.ok || preview.value.images.length === 0) return preview?.ok ? t('nothing') : undefined;
    const result = await mutations.prune(hostId, { all, olderThanHours });
    if (!result.ok) return result.message;
    toast.success(t('done', { count: result.value.count, size: bytes(result.value.reclaimedBytes) }));
    return null;
  };
  return (
    <>
      <Button disabled={firstHost(hosts) === ''} onClick={() => setOpen(true)}>
        <Eraser aria-hidden />
        {t('button')}
      </Button>
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={t('title')}
        confirmLabel={t('confirm')}
        onConfirm={confirm}
      >
        <p>{t('text')}</p>
        <div className="mt-4 grid gap-3 text-ink sm:grid-cols-2">
          <HostSelect hosts={hosts} value={hostId} onChange={setHostId} className="sm:col-span-2" />
          <SelectField
            label={t('which')}
            value={String(all)}
            onChange={(event) => setAll(event.target.value === 'true')}
          >
            <option value="false">{t('dangling')}</option>
            <option value="true">{t('allUnused')}</option>
          </SelectField>
          <SelectField
            label={t('age')}
            value={olderThanHours}
            onChange={(event) => setOlderThanHours(Number(event.target.value))}
          >
            {ages.map((hours) => (
              <option key={hours} value={hours}>
                {hours === 0 ? t('anyAge') : t('olderThan', { days: hours / 24 })}
              </option>
            ))}
          </SelectField>
        </div>
        <div className="mt-4" aria-live="polite">
          {preview === null ? <Skeleton className="h-20" /> : <Preview preview={preview} />}
        </div>
      </ConfirmDialog>
    </>
  );
}

function Preview({ preview }: { preview: ActionResult<PrunePreview> }) {
  const t = useTranslations('images.prune');
  const { bytes } = useUnits();
  if (!preview.ok) return <Banner tone="danger">{preview.message}</Banner>;
  const { images, reclaimableBytes } = preview.value;
  if (images.length === 0) return <p className="rounded-md bg-raised px-3 py-2.5 text-sm">{t('nothing')}</p>;
  return (
    <>
      <p className="font-medium text-ink">
        {reclaimableBytes > 0
          ? t('frees', { count: images.length, size: bytes(reclaimableBytes) })
          : t('freesNothing', { count: images.length })}
      </p>
      <ul className="mt-2 max-h-48 divide-y divide-line overflow-y-auto rounded-md border border-line text-sm">
        {images.map(({ id, name, sizeBytes, createdAt }) => (
          <li key={id} className="flex items-baseline justify-between gap-3 px-3 py-1.5">
            <span className="min-w-0 break-all text-ink">
              {name || <span className="font-mono">{shortId(id)}</span>}
              <span className="block text-faint text-xs">
                <TimeAgo at={createdAt} />
              </span>
            </span>
            <span className="whitespace-nowrap">{bytes(sizeBytes)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
