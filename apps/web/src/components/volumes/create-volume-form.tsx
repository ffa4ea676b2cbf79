'use client';
import { Plus, X } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useState, useTransition } from 'react';
import { toast } from 'sonner';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import { Card } from '@/components/ui/card.tsx';
import { SelectField, TextField } from '@/components/ui/field.tsx';
import { visibleText } from '@/format/visible-text.ts';
import type { ActionResult } from '@/server/views.ts';
import {
  emptyVolumeDraft,
  readVolumeDraft,
  type VolumeDraft,
  type VolumeErrors,
  type VolumeInput,
} from './volume-draft.ts';
import { VolumeKindField } from './volume-kind-field.tsx';
import { volumeHref } from './volume-types.ts';

interface CreateVolumeFormProps {
  hosts: { id: string; name: string; state: 'online' | 'offline' }[];
  create: (hostId: string, input: VolumeInput) => Promise<ActionResult<string>>;
}

export function CreateVolumeForm({ hosts, create }: CreateVolumeFormProps) {
  const t = useTranslations('volumes.create');
  const router = useRouter();
  const first = hosts.find(({ state }) => state === 'online') ?? hosts[0];
  const [draft, setDraft] = useState<VolumeDraft>({ ...emptyVolumeDraft, hostId: first?.id ?? '' });
  const [errors, setErrors] = useState<VolumeErrors>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [pending, startTransition] = useTransition();
  const change = (part: Partial<VolumeDraft>) => setDraft((kept) => ({ ...kept, ...part }));
  const errorOf = (field: keyof VolumeErrors) => {
    const error = errors[field];
    return error && t(`errors.${error}`);
  };
  const host = hosts.find(({ id }) => id === draft.hostId);
  const submit = () => {
    const read = readVolumeDraft(draft);
    setErrors(read.ok ? {} : read.errors);
    setFailure(null);
    if (!read.ok) return;
    startTransition(async () => {
      const result = await create(draft.hostId, read.value);
      if (!result.ok) return setFailure(visibleText(result.message));
      toast.success(t('done', { name: result.value.slice(0, 24) }));
      router.push(volumeHref({ hostId: draft.hostId, name: result.value }));
    });
  };
  return (
    // Not `action`, after which React would reset the choice of a kind.
    <form
      noValidate
      className="max-w-2xl"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Card className="flex flex-col gap-5 p-4 sm:p-5">
        <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
          <TextField
            label={t('name')}
            hint={t('nameHint')}
            error={errorOf('name')}
            value={draft.name}
            onChange={(event) => change({ name: event.target.value })}
          />
          <SelectField
            label={t('host')}
            value={draft.hostId}
            onChange={(event) => change({ hostId: event.target.value })}
          >
            {hosts.length === 0 && <option value="">{t('noHost')}</option>}
            {hosts.map(({ id, name, state }) => (
              <option key={id} value={id}>
                {state === 'offline' ? t('hostOfflineOption', { name }) : name}
              </option>
            ))}
          </SelectField>
        </div>
        <VolumeKindField draft={draft} onChange={change} errorOf={errorOf} />
        <LabelRows draft={draft} onChange={change} errorOf={errorOf} />
        {failure && (
          <Banner tone="danger" role="alert" title={t('failed')}>
            {failure}
          </Banner>
        )}
        <div className="flex items-center gap-3">
          <Button
            type="submit"
            variant="primary"
            size="lg"
            pending={pending}
            disabled={!host || host.state === 'offline'}
          >
            {t('submit')}
          </Button>
          {host?.state === 'offline' && <p className="text-sm text-warning">{t('hostOffline', { name: host.name })}</p>}
        </div>
      </Card>
    </form>
  );
}

interface DraftProps {
  draft: VolumeDraft;
  onChange: (part: Partial<VolumeDraft>) => void;
  errorOf: (field: keyof VolumeErrors) => string | undefined;
}

function LabelRows({ draft, onChange, errorOf }: DraftProps) {
  const t = useTranslations('volumes.create');
  const change = (index: number, part: Partial<VolumeDraft['labels'][number]>) =>
    onChange({ labels: draft.labels.map((row, at) => (at === index ? { ...row, ...part } : row)) });
  return (
    <fieldset>
      <legend className="mb-1 font-medium text-sm">{t('labels')}</legend>
      <div className="flex flex-col gap-2.5">
        {draft.labels.map((row, index) => {
          const error = errorOf(`labels.${index}`);
          return (
            // Rows are only known by their place.
            <div key={index}>
              <div className="flex items-start gap-2">
                <div className="flex min-w-0 flex-1 flex-wrap gap-2">
                  <input
                    aria-label={t('labelName', { number: index + 1 })}
                    aria-invalid={error ? true : undefined}
                    placeholder={t('labelNamePlaceholder')}
                    value={row.name}
                    onChange={(event) => change(index, { name: event.target.value })}
                    className="input flex-1 basis-32 font-mono text-sm"
                  />
                  <input
                    aria-label={t('labelValue', { number: index + 1 })}
                    placeholder={t('labelValuePlaceholder')}
                    value={row.value}
                    onChange={(event) => change(index, { value: event.target.value })}
                    className="input flex-1 basis-32 font-mono text-sm"
                  />
                </div>
                <Button
                  variant="ghost"
                  size="icon"
                  aria-label={t('removeLabel', { number: index + 1 })}
                  onClick={() => onChange({ labels: draft.labels.filter((_, at) => at !== index) })}
                >
                  <X aria-hidden />
                </Button>
              </div>
              {error && (
                <p role="alert" className="mt-1 text-danger text-xs">
                  {error}
                </p>
              )}
            </div>
          );
        })}
        <Button
          size="sm"
          className="self-start"
          onClick={() => onChange({ labels: [...draft.labels, { name: '', value: '' }] })}
        >
          <Plus aria-hidden />
          {t('addLabel')}
        </Button>
      </div>
    </fieldset>
  );
}
