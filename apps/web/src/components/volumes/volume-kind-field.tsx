'use client';
import { useTranslations } from 'next-intl';
import { useId } from 'react';
import { TextField } from '@/components/ui/field.tsx';
import { type VolumeDraft, type VolumeErrors, volumeKinds } from './volume-draft.ts';

interface VolumeKindFieldProps {
  draft: VolumeDraft;
  onChange: (part: Partial<VolumeDraft>) => void;
  errorOf: (field: keyof VolumeErrors) => string | undefined;
}

/** Where the volume's files are, and what that place needs to be told. */
export function VolumeKindField({ draft, onChange, errorOf }: VolumeKindFieldProps) {
  const t = useTranslations('volumes.create');
  const name = useId();
  return (
    <fieldset>
      <legend className="mb-1 font-medium text-sm">{t('kind')}</legend>
      <div className="grid grid-cols-1 gap-2 sm:grid-cols-3">
        {volumeKinds.map((kind) => (
          <label
            key={kind}
            className="flex cursor-pointer items-start gap-2.5 rounded-md border border-line-strong px-3 py-2.5 hover:bg-hover has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:outline-offset-2"
          >
            <input
              type="radio"
              name={name}
              value={kind}
              checked={draft.kind === kind}
              onChange={() => onChange({ kind })}
              className="mt-0.5 accent-(--color-accent) outline-none"
            />
            <span className="min-w-0">
              <span className="block font-medium text-sm">{t(`kinds.${kind}`)}</span>
              <span className="block text-muted text-xs">{t(`kindHints.${kind}`)}</span>
            </span>
          </label>
        ))}
      </div>
      {draft.kind === 'bind' && (
        <TextField
          className="mt-3"
          label={t('device')}
          hint={t('deviceHint')}
          error={errorOf('device')}
          placeholder="/srv/data"
          value={draft.device}
          onChange={(event) => onChange({ device: event.target.value })}
        />
      )}
      {draft.kind === 'tmpfs' && (
        <TextField
          className="mt-3"
          label={t('size')}
          hint={t('sizeHint')}
          error={errorOf('sizeMib')}
          inputMode="numeric"
          placeholder="64"
          value={draft.sizeMib}
          onChange={(event) => onChange({ sizeMib: event.target.value })}
        />
      )}
    </fieldset>
  );
}
