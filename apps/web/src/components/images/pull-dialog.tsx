'use client';
import { Download, KeyRound } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { type FormEvent, useState, useTransition } from 'react';
import { JobProgress } from '@/components/jobs/job-progress.tsx';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import { Dialog } from '@/components/ui/dialog.tsx';
import { SelectField, TextField } from '@/components/ui/field.tsx';
import { isReference, registryOf } from '@/format/reference.ts';
import { firstHost, HostSelect } from './host-select.tsx';
import type { HostChoice, ImageMutations } from './image-types.ts';

interface PullDialogProps {
  hosts: HostChoice[];
  /** Whose accounts are known; a pull from there uses it. */
  registries: { host: string; username: string }[];
  mutations: Pick<ImageMutations, 'pull' | 'cancelJob'>;
}

const platforms = ['', 'linux/amd64', 'linux/arm64', 'linux/arm/v7'] as const;

/** Asks what to pull and shows it coming; closing leaves the work to the server. */
export function PullDialog({ hosts, registries, mutations }: PullDialogProps) {
  const t = useTranslations('images.pull');
  const [open, setOpen] = useState(false);
  const [jobId, setJobId] = useState<string | null>(null);
  const usable = hosts.some(({ state }) => state === 'online');
  return (
    <>
      <Button variant="primary" disabled={!usable} onClick={() => setOpen(true)}>
        <Download aria-hidden />
        {t('button')}
      </Button>
      <Dialog
        open={open}
        onOpenChange={(next) => {
          setOpen(next);
          if (!next) setJobId(null);
        }}
        title={t('title')}
        description={t('text')}
        wide
      >
        {jobId === null ? (
          <PullForm {...{ hosts, registries, mutations }} onStarted={setJobId} />
        ) : (
          <div className="flex flex-col gap-4">
            <JobProgress jobId={jobId} cancel={mutations.cancelJob} />
            <Button size="sm" variant="ghost" className="self-start" onClick={() => setJobId(null)}>
              {t('another')}
            </Button>
          </div>
        )}
      </Dialog>
    </>
  );
}

function PullForm({
  hosts,
  registries,
  mutations,
  onStarted,
}: PullDialogProps & { onStarted: (jobId: string) => void }) {
  const t = useTranslations('images.pull');
  const [hostId, setHostId] = useState(firstHost(hosts));
  const [reference, setReference] = useState('');
  const [platform, setPlatform] = useState('');
  const [isWrong, setIsWrong] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [pending, startTransition] = useTransition();
  const text = reference.trim();
  const registry = isReference(text) ? registryOf(text) : null;
  const account = registries.find(({ host }) => host === registry);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setFailure(null);
    setIsWrong(registry === null);
    if (registry === null) return;
    startTransition(async () => {
      const result = await mutations.pull(hostId, text, platform);
      if (result.ok) onStarted(result.value.jobId);
      else setFailure(result.message);
    });
  };
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      <TextField
        label={t('reference')}
        hint={t('referenceHint')}
        error={isWrong ? t('referenceWrong') : undefined}
        placeholder="ghcr.io/owner/name:tag"
        autoFocus
        autoCapitalize="none"
        value={reference}
        onChange={(event) => {
          setReference(event.target.value);
          setIsWrong(false);
        }}
      />
      {registry !== null && (
        <p className="-mt-2 flex flex-wrap items-center gap-x-1.5 text-muted text-sm">
          <KeyRound aria-hidden className={`size-4 ${account ? 'text-success' : 'text-faint'}`} />
          {account
            ? t('signedIn', { registry, name: account.username })
            : t.rich('anonymous', {
                registry: () => <strong className="font-medium text-ink">{registry}</strong>,
                link: (chunks) => (
                  <Link href="/images/registries" className="text-accent underline">
                    {chunks}
                  </Link>
                ),
              })}
        </p>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <HostSelect hosts={hosts} value={hostId} onChange={setHostId} />
        <SelectField label={t('platform')} value={platform} onChange={(event) => setPlatform(event.target.value)}>
          {platforms.map((each) => (
            <option key={each} value={each}>
              {each === '' ? t('platformOfHost') : each}
            </option>
          ))}
        </SelectField>
      </div>
      {failure && (
        <Banner tone="danger" role="alert">
          {failure}
        </Banner>
      )}
      <Button type="submit" variant="primary" pending={pending} className="self-end">
        {t('submit')}
      </Button>
    </form>
  );
}
