'use client';
import { useTranslations } from 'next-intl';
import { useState, useTransition } from 'react';
import { toast } from 'sonner';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import type { ActionResult } from '@/server/views.ts';
import { draftOf, type LimitDraft, type LimitErrors, type LimitValues, readDraft } from './limit-draft.ts';
import { LimitFields } from './limit-fields.tsx';
import { useLimitErrors } from './use-limit-errors.ts';

interface LimitsTabProps {
  hostId: string;
  containerId: string;
  limits: LimitValues;
  running: boolean;
  disabled: boolean;
  host: { cpuCount: number; memoryBytes: number } | null;
  save: (hostId: string, containerId: string, limits: LimitValues) => Promise<ActionResult>;
}

export function LimitsTab({ hostId, containerId, limits, running, disabled, host, save }: LimitsTabProps) {
  const t = useTranslations('containers.limits');
  const tell = useLimitErrors();
  const [draft, setDraft] = useState(draftOf(limits));
  const [base, setBase] = useState(limits);
  const [errors, setErrors] = useState<LimitErrors>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [pending, startTransition] = useTransition();
  // Limits that change elsewhere show at once, but never over what somebody is typing.
  if (JSON.stringify(base) !== JSON.stringify(limits)) {
    setBase(limits);
    if (isSame(draft, draftOf(base))) setDraft(draftOf(limits));
  }
  const unchanged = isSame(draft, draftOf(limits));
  const submit = () => {
    const read = readDraft(draft);
    setErrors(read.ok ? {} : read.errors);
    if (!read.ok) return;
    startTransition(async () => {
      const result = await save(hostId, containerId, read.value);
      setFailure(result.ok ? null : result.message);
      if (result.ok) toast.success(t('saved'));
    });
  };
  return (
    <Card>
      <CardHeader title={t('title')} description={t(running ? 'liveHint' : 'stoppedHint')} />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
        className="p-4"
      >
        {failure && (
          <Banner tone="danger" role="alert" className="mb-4">
            {failure}
          </Banner>
        )}
        <fieldset disabled={disabled}>
          <LimitFields
            draft={draft}
            onChange={(change) => setDraft({ ...draft, ...change })}
            errors={tell(errors)}
            host={host}
            emptyPids="none"
          />
        </fieldset>
        <div className="mt-5 flex flex-wrap gap-2">
          <Button type="submit" variant="primary" pending={pending} disabled={disabled || unchanged}>
            {t('save')}
          </Button>
          {!unchanged && <Button onClick={() => setDraft(draftOf(limits))}>{t('reset')}</Button>}
        </div>
      </form>
    </Card>
  );
}

function isSame(a: LimitDraft, b: LimitDraft): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
