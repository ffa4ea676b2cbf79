'use client';
import { CircleCheck, LoaderCircle, Plus } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useState, useTransition } from 'react';
import { Banner } from '@/components/ui/banner.tsx';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { CopyButton } from '@/components/ui/copy-button.tsx';
import { TextField } from '@/components/ui/field.tsx';
import { useNow } from '@/components/ui/use-now.ts';
import { formatDuration } from '@/format/duration.ts';
import type { ActionResult } from '@/server/views.ts';

export interface Enrolment {
  token: string;
  expiresAt: number;
  command: string;
}

interface AddHostProps {
  /** The page renews when the inventory changes: a host that was not here when the token was made is the new one. */
  hosts: { id: string; name: string; enrolledAt: number }[];
  createToken: (name: string) => Promise<ActionResult<Enrolment>>;
}

export function AddHost({ hosts, createToken }: AddHostProps) {
  const t = useTranslations('addHost');
  const [name, setName] = useState('');
  const [enrolment, setEnrolment] = useState<(Enrolment & { knownIds: string[] }) | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [pending, startTransition] = useTransition();
  const submit = () =>
    startTransition(async () => {
      const result = await createToken(name.trim());
      setFailure(result.ok ? null : result.message);
      if (result.ok) setEnrolment({ ...result.value, knownIds: hosts.map((host) => host.id) });
    });
  const arrived = enrolment && hosts.find((host) => !enrolment.knownIds.includes(host.id));
  return (
    <div className="flex max-w-3xl flex-col gap-4">
      <Card>
        <CardHeader title={t('stepName')} description={t('stepNameText')} />
        <form action={submit} className="flex flex-wrap items-end gap-3 p-4">
          <TextField
            className="w-full sm:w-72"
            label={t('name')}
            optional={t('optional')}
            hint={t('nameHint')}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <Button type="submit" variant={enrolment ? 'secondary' : 'primary'} pending={pending} className="sm:mb-5.5">
            <Plus aria-hidden />
            {t(enrolment ? 'createAnother' : 'create')}
          </Button>
        </form>
        {failure && (
          <Banner tone="danger" role="alert" className="m-4 mt-0">
            {failure}
          </Banner>
        )}
      </Card>
      {enrolment && (
        <Card>
          <CardHeader
            title={t('stepRun')}
            description={t('stepRunText')}
            actions={<CopyButton text={enrolment.command} label={t('copyCommand')} />}
          />
          <pre className="overflow-x-auto whitespace-pre-wrap break-all bg-terminal p-4 text-[12px] text-terminal-ink leading-[19px]">
            {enrolment.command}
          </pre>
          <div className="border-line border-t px-4 py-3" role="status">
            {arrived ? <Arrived host={arrived} /> : <Waiting expiresAt={enrolment.expiresAt} />}
          </div>
        </Card>
      )}
    </div>
  );
}

function Waiting({ expiresAt }: { expiresAt: number }) {
  const t = useTranslations('addHost');
  const left = expiresAt - useNow();
  if (left <= 0) return <p className="text-warning">{t('expired')}</p>;
  return (
    <p className="flex items-center gap-2 text-muted">
      <LoaderCircle aria-hidden className="size-4 animate-spin text-accent" />
      {t('waiting', { left: formatDuration(left) })}
    </p>
  );
}

function Arrived({ host }: { host: { id: string; name: string } }) {
  const t = useTranslations('addHost');
  return (
    <p className="flex flex-wrap items-center gap-2 font-medium text-success">
      <CircleCheck aria-hidden className="size-4" />
      {t('arrived', { name: host.name })}
      <Link href={`/hosts/${host.id}`} className={buttonClass({ size: 'sm', className: 'ml-auto' })}>
        {t('open')}
      </Link>
    </p>
  );
}
