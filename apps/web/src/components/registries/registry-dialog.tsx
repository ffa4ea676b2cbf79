'use client';
import { CircleCheck, PlugZap } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type FormEvent, useState, useTransition } from 'react';
import { toast } from 'sonner';
import { firstHost, HostSelect } from '@/components/images/host-select.tsx';
import type { HostChoice } from '@/components/images/image-types.ts';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import { Dialog } from '@/components/ui/dialog.tsx';
import { TextField } from '@/components/ui/field.tsx';
import { isRegistryName, registryName } from '@/format/reference.ts';
import type { ActionResult, RegistryView } from '@/server/views.ts';
import type { RegistryDraft, RegistryMutations } from './registry-types.ts';

interface RegistryDialogProps {
  /** null: a new one. */
  registry: RegistryView | null;
  hosts: HostChoice[];
  mutations: RegistryMutations;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onSaved: () => void;
}

export function RegistryDialog({ registry, hosts, mutations, open, onOpenChange, onSaved }: RegistryDialogProps) {
  const t = useTranslations('registries');
  const [draft, setDraft] = useState<RegistryDraft>({
    host: registry?.host ?? '',
    username: registry?.username ?? '',
    password: '',
  });
  const [hostId, setHostId] = useState(firstHost(hosts));
  const [showErrors, setShowErrors] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [tested, setTested] = useState<ActionResult<{ status: string }> | null>(null);
  const [saving, startSaving] = useTransition();
  const [testing, startTesting] = useTransition();
  const errors = errorsOf(draft, registry);
  const isValid = Object.values(errors).every((error) => error === null);
  const change = (part: Partial<RegistryDraft>) => {
    setDraft((kept) => ({ ...kept, ...part }));
    setTested(null);
    setFailure(null);
  };
  const errorOf = (field: keyof RegistryDraft) => {
    const error = errors[field];
    return showErrors && error ? t(`errors.${error}`) : undefined;
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    setShowErrors(true);
    if (!isValid) return;
    startSaving(async () => {
      const result = await mutations.save(draft);
      if (!result.ok) return setFailure(result.message);
      toast.success(t('saved', { host: registryName(draft.host) }));
      onOpenChange(false);
      onSaved();
    });
  };
  const test = () => {
    setShowErrors(true);
    if (!isValid) return;
    startTesting(async () => setTested(await mutations.test(hostId, draft)));
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={registry ? t('editTitle', { host: registry.host }) : t('add')}
    >
      <form noValidate onSubmit={save} className="flex flex-col gap-4">
        <TextField
          label={t('host')}
          hint={t('hostHint')}
          error={errorOf('host')}
          placeholder="registry.example.com"
          disabled={registry !== null}
          autoCapitalize="none"
          value={draft.host}
          onChange={(event) => change({ host: event.target.value })}
        />
        <TextField
          label={t('username')}
          error={errorOf('username')}
          autoCapitalize="none"
          value={draft.username}
          onChange={(event) => change({ username: event.target.value })}
        />
        <TextField
          type="password"
          label={t('password')}
          hint={registry ? t('passwordKept') : t('passwordHint')}
          error={errorOf('password')}
          autoComplete="new-password"
          value={draft.password}
          onChange={(event) => change({ password: event.target.value })}
        />
        <HostSelect hosts={hosts} value={hostId} onChange={setHostId} />
        {tested?.ok === true && (
          <p role="status" className="flex items-center gap-2 text-success">
            <CircleCheck aria-hidden className="size-4" />
            {t('testOk')}
          </p>
        )}
        {tested?.ok === false && (
          <Banner tone="danger" role="alert" title={t('testFailed')}>
            {tested.message}
          </Banner>
        )}
        {failure && (
          <Banner tone="danger" role="alert">
            {failure}
          </Banner>
        )}
        <div className="flex flex-wrap justify-between gap-2">
          <Button pending={testing} disabled={hostId === ''} onClick={test}>
            {!testing && <PlugZap aria-hidden />}
            {t('test')}
          </Button>
          <Button type="submit" variant="primary" pending={saving}>
            {t('save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type DraftError = 'host' | 'username' | 'password' | 'otherUser';

function errorsOf(draft: RegistryDraft, known: RegistryView | null): Record<keyof RegistryDraft, DraftError | null> {
  const username = draft.username.trim();
  const isPasswordNeeded = draft.password === '' && (known === null || known.username !== username);
  return {
    host: isRegistryName(registryName(draft.host)) ? null : 'host',
    username: username ? null : 'username',
    password: isPasswordNeeded ? (known === null ? 'password' : 'otherUser') : null,
  };
}
