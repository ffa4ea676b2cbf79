'use client';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import { useUnits } from '@/components/stats/use-units.ts';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { SelectField } from '@/components/ui/field.tsx';
import { SwitchField } from '@/components/ui/switch-field.tsx';
import { visibleText } from '@/format/visible-text.ts';
import type { VolumeView } from '@/server/views.ts';
import { prunable } from './filter-volumes.ts';
import { SizeText } from './size-text.tsx';
import { AnonymousBadge } from './volume-badges.tsx';
import { shortName, type VolumeMutations } from './volume-types.ts';

interface PruneDialogProps {
  volumes: VolumeView[];
  /** Those that are online. */
  hosts: { id: string; name: string }[];
  firstHostId: string;
  sizeOf: (volume: VolumeView) => number | null | undefined;
  prune: VolumeMutations['prune'];
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Shows which volumes would go and how much that frees; exactly those go. */
export function PruneDialog({ volumes, hosts, firstHostId, sizeOf, prune, open, onOpenChange }: PruneDialogProps) {
  const t = useTranslations('volumes');
  const { bytes } = useUnits();
  const [chosenId, setHostId] = useState<string | null>(null);
  const [named, setNamed] = useState(false);
  const hostId = [chosenId, firstHostId].find((id) => hosts.some((host) => host.id === id)) ?? hosts[0]?.id ?? '';
  const list = prunable(volumes, { hostId, named });
  const sizes = list.map(sizeOf);
  const isMeasuring = sizes.includes(undefined);
  const total = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const change = (next: boolean) => {
    if (next) setNamed(false);
    onOpenChange(next);
  };
  const confirm = async () => {
    if (list.length === 0) return null;
    const result = await prune(
      hostId,
      list.map(({ name }) => name),
    );
    if (!result.ok) return visibleText(result.message);
    const { removed, refused } = result.value;
    if (removed.length > 0) toast.success(t('pruned', { count: removed.length }));
    setNamed(false);
    if (refused.length === 0) return null;
    return refused
      .map(({ name, message }) => `${shortName({ name, isAnonymous: true })}: ${visibleText(message)}`)
      .join('\n');
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={change}
      title={t('pruneTitle')}
      confirmLabel={list.length > 0 ? t('pruneConfirm', { count: list.length }) : t('pruneNothing')}
      tone={list.length > 0 ? 'danger' : 'primary'}
      onConfirm={confirm}
    >
      <p>{t('pruneText')}</p>
      <div className="mt-4 flex flex-col gap-3 text-ink">
        {hosts.length > 1 && (
          <SelectField label={t('columns.host')} value={hostId} onChange={(event) => setHostId(event.target.value)}>
            {hosts.map((host) => (
              <option key={host.id} value={host.id}>
                {host.name}
              </option>
            ))}
          </SelectField>
        )}
        <SwitchField label={t('pruneNamed')} hint={t('pruneNamedHint')} checked={named} onChange={setNamed} />
        {list.length === 0 ? (
          <p className="rounded-md border border-line bg-raised px-3 py-4 text-center text-muted">{t('pruneEmpty')}</p>
        ) : (
          <div className="overflow-hidden rounded-md border border-line">
            <ul aria-label={t('pruneList')} className="max-h-52 divide-y divide-line overflow-y-auto">
              {list.map((volume) => (
                <li key={volume.name} className="flex items-center gap-2 px-3 py-1.5 text-sm">
                  <span className="min-w-0 flex-1 truncate font-mono" title={volume.name}>
                    {shortName(volume)}
                  </span>
                  {volume.isAnonymous && <AnonymousBadge />}
                  <span className="w-16 text-right">
                    <SizeText bytes={sizeOf(volume)} />
                  </span>
                </li>
              ))}
            </ul>
            <p role="status" className="border-line border-t bg-raised px-3 py-2 font-medium text-sm">
              {isMeasuring
                ? t('pruneMeasuring', { count: list.length })
                : t('pruneSum', { count: list.length, size: bytes(total) })}
            </p>
          </div>
        )}
      </div>
    </ConfirmDialog>
  );
}
