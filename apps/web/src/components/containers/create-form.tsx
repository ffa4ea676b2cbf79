'use client';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { type ReactNode, useState, useTransition } from 'react';
import { toast } from 'sonner';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { CopyButton } from '@/components/ui/copy-button.tsx';
import { SwitchField } from '@/components/ui/switch-field.tsx';
import type { ActionResult, HostView, ImageView } from '@/server/views.ts';
import { containerHref } from './container-types.ts';
import { type CreateDraft, type CreateErrors, type CreateInput, emptyDraft, readCreateDraft } from './create-draft.ts';
import { GeneralFields } from './create-general.tsx';
import { IsolationFields } from './create-isolation.tsx';
import { EnvRows, MountRows, PortRows } from './create-rows.tsx';
import { dockerRun } from './docker-run.ts';
import { LimitFields } from './limit-fields.tsx';
import { useLimitErrors } from './use-limit-errors.ts';

export type CreateResult = ActionResult<{ id: string; warnings: string[] }>;

interface CreateFormProps {
  hosts: HostView[];
  images: ImageView[];
  initial: { hostId: string; image: string };
  create: (hostId: string, input: CreateInput) => Promise<CreateResult>;
}

const noErrors: CreateErrors = { fields: {}, limits: {} };

export function CreateForm({ hosts, images, initial, create }: CreateFormProps) {
  const t = useTranslations('create');
  const router = useRouter();
  const tellLimits = useLimitErrors();
  const [draft, setDraft] = useState<CreateDraft>({ ...emptyDraft, ...initial });
  const [errors, setErrors] = useState<CreateErrors>(noErrors);
  const [failure, setFailure] = useState<{ kind: string; message: string } | null>(null);
  const [pending, startTransition] = useTransition();
  const change = (part: Partial<CreateDraft>) => setDraft((kept) => ({ ...kept, ...part }));
  const read = readCreateDraft(draft);
  const host = hosts.find((entry) => entry.id === draft.hostId) ?? null;
  const errorOf = (field: string) => {
    const error = errors.fields[field];
    return error ? t(`errors.${error}`) : serverError(field, failure);
  };

  const submit = () => {
    setErrors(read.ok ? noErrors : read.errors);
    setFailure(null);
    if (!read.ok) return;
    startTransition(async () => {
      const result = await create(draft.hostId, read.value);
      if (!result.ok) return setFailure(result);
      for (const warning of result.value.warnings) toast.warning(warning, { duration: 12_000 });
      toast.success(t('done', { name: read.value.name ?? result.value.id.slice(0, 12) }));
      router.push(containerHref({ hostId: draft.hostId, id: result.value.id }));
    });
  };
  const mistakes = Object.keys(errors.fields).length + Object.keys(errors.limits).length;
  const fieldProps = { draft, onChange: change, errorOf };
  return (
    <form action={submit} noValidate className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,1fr)_21rem]">
      <div className="flex min-w-0 flex-col gap-4">
        <Section title={t('general')}>
          <GeneralFields {...fieldProps} hosts={hosts} images={images} />
        </Section>
        <Section title={t('limits')} description={t('limitsText')}>
          <LimitFields
            draft={draft.limits}
            onChange={(part) => change({ limits: { ...draft.limits, ...part } })}
            errors={tellLimits(errors.limits)}
            host={host}
            emptyPids="default"
          />
        </Section>
        <Section title={t('ports')} description={t('portsText')}>
          <PortRows {...fieldProps} />
        </Section>
        <Section title={t('env')}>
          <EnvRows {...fieldProps} />
        </Section>
        <Section title={t('mounts')} description={t('mountsText')}>
          <MountRows {...fieldProps} />
        </Section>
        <Section title={t('isolation')} description={t('isolationText')}>
          <IsolationFields {...fieldProps} />
        </Section>
      </div>
      <aside className="flex min-w-0 flex-col gap-4 lg:sticky lg:top-5">
        <Card>
          <CardHeader title={t('equivalent')} actions={read.ok && <CopyButton text={dockerRun(read.value)} />} />
          {read.ok ? (
            <pre className="max-h-72 overflow-auto whitespace-pre-wrap break-words p-4 text-[12px] leading-[18px]">
              {dockerRun(read.value)}
            </pre>
          ) : (
            <p className="p-4 text-muted text-sm">{t('equivalentIncomplete')}</p>
          )}
        </Card>
        <Card className="flex flex-col gap-4 p-4">
          <SwitchField
            label={t('start')}
            hint={t('startHint')}
            checked={draft.start}
            onChange={(start) => change({ start })}
          />
          <SwitchField
            label={t('autoRemove')}
            hint={errorOf('autoRemove') ?? t('autoRemoveHint')}
            checked={draft.autoRemove}
            onChange={(autoRemove) => change({ autoRemove })}
          />
          {mistakes > 0 && (
            <Banner tone="danger" role="alert">
              {t('mistakes', { count: mistakes })}
            </Banner>
          )}
          {failure && (
            <Banner tone="danger" role="alert" title={t('failed')}>
              {failure.message}
            </Banner>
          )}
          <Button type="submit" variant="primary" size="lg" pending={pending} disabled={host?.state === 'offline'}>
            {t('submit')}
          </Button>
          {host?.state === 'offline' && <p className="text-warning text-xs">{t('hostOffline', { name: host.name })}</p>}
        </Card>
      </aside>
    </form>
  );
}

/** The engine names what it refuses; where that is plainly one field, the message also stands there. */
function serverError(field: string, failure: { kind: string; message: string } | null): string | undefined {
  if (!failure) return undefined;
  if (field === 'name' && failure.kind === 'conflict' && /container name/i.test(failure.message))
    return failure.message;
  if (field === 'image' && failure.kind === 'not-found' && /image/i.test(failure.message)) return failure.message;
  return undefined;
}

function Section({ title, description, children }: { title: string; description?: string; children: ReactNode }) {
  return (
    <Card>
      <CardHeader title={title} description={description} />
      <div className="p-4">{children}</div>
    </Card>
  );
}
