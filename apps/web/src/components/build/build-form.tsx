'use client';
import { FileArchive, FileCode, Hammer, X } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { type FormEvent, useRef, useState } from 'react';
import { firstHost, HostSelect } from '@/components/images/host-select.tsx';
import type { HostChoice, StartedJob } from '@/components/images/image-types.ts';
import type { UploadProgress } from '@/components/images/load-image.ts';
import { useUnits } from '@/components/stats/use-units.ts';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { classNames } from '@/components/ui/class-names.ts';
import { ProgressBar } from '@/components/ui/progress-bar.tsx';
import { type BuildDraft, type BuildErrors, type BuildOrder, emptyBuildDraft, readBuildDraft } from './build-draft.ts';
import { BuildOptions } from './build-options.tsx';
import { BuildSource } from './build-source.tsx';
import { sendContext } from './send-context.ts';

interface BuildFormProps {
  hosts: HostChoice[];
  registries: string[];
  buildDockerfile: (hostId: string, text: string, order: BuildOrder) => Promise<StartedJob>;
}

const sources = [
  { key: 'dockerfile', icon: FileCode },
  { key: 'context', icon: FileArchive },
] as const;

/** From a pasted Dockerfile or an uploaded context; the build then has a page of its own. */
export function BuildForm({ hosts, registries, buildDockerfile }: BuildFormProps) {
  const t = useTranslations('build');
  const router = useRouter();
  const [draft, setDraft] = useState<BuildDraft>({ ...emptyBuildDraft, hostId: firstHost(hosts) });
  const [file, setFile] = useState<File | null>(null);
  const [errors, setErrors] = useState<BuildErrors>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [progress, setProgress] = useState<UploadProgress | null>(null);
  const [pending, setPending] = useState(false);
  const abort = useRef<AbortController | null>(null);
  const change = (part: Partial<BuildDraft>) => setDraft((kept) => ({ ...kept, ...part }));
  const errorOf = (field: keyof BuildErrors) => {
    const error = errors[field];
    return error && t(`errors.${error}`);
  };

  const start = (order: BuildOrder): Promise<StartedJob> => {
    if (draft.source === 'dockerfile' || !file) return buildDockerfile(draft.hostId, draft.text, order);
    abort.current = new AbortController();
    setProgress({ sentBytes: 0, totalBytes: file.size });
    return sendContext({ hostId: draft.hostId, file, order, signal: abort.current.signal, onProgress: setProgress });
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setFailure(null);
    const read = readBuildDraft(draft, file !== null);
    setErrors(read.ok ? {} : read.errors);
    if (!read.ok) return;
    setPending(true);
    try {
      const started = await start(read.value);
      if (started.ok) router.push(`/images/work/${started.value.jobId}`);
      else if (started.kind !== 'cancelled') setFailure(started.message || t('connectionLost'));
    } catch {
      setFailure(t('connectionLost'));
    }
    setPending(false);
    setProgress(null);
  };
  return (
    <form
      noValidate
      onSubmit={submit}
      className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,1fr)_21rem]"
    >
      <Card className="min-w-0">
        <CardHeader title={t('source')} />
        <div className="flex flex-col gap-4 p-4">
          <fieldset aria-label={t('source')} className="grid grid-cols-2 gap-2">
            {sources.map(({ key, icon: Icon }) => (
              <button
                key={key}
                type="button"
                aria-pressed={draft.source === key}
                onClick={() => change({ source: key })}
                className={classNames(
                  'flex items-center gap-2.5 rounded-md border border-line-strong px-3 py-2.5 text-left hover:bg-hover',
                  draft.source === key && 'border-accent bg-accent-soft hover:bg-accent-soft',
                )}
              >
                <Icon aria-hidden className="size-5 shrink-0 text-faint" />
                <span>
                  <span className="block font-medium">{t(`sources.${key}`)}</span>
                  <span className="block text-muted text-xs">{t(`sourceHints.${key}`)}</span>
                </span>
              </button>
            ))}
          </fieldset>
          <BuildSource {...{ draft, change, file, setFile, errorOf }} />
        </div>
      </Card>
      <div className="flex min-w-0 flex-col gap-4">
        <Card>
          <CardHeader title={t('options')} />
          <div className="flex flex-col gap-4 p-4">
            <HostSelect hosts={hosts} value={draft.hostId} onChange={(hostId) => change({ hostId })} />
            <BuildOptions {...{ draft, change, registries, errorOf }} />
          </div>
        </Card>
        <Card className="flex flex-col gap-3 p-4">
          {failure && (
            <Banner tone="danger" role="alert" title={t('failed')}>
              {failure}
            </Banner>
          )}
          {draft.hostId === '' && <p className="text-sm text-warning">{t('noHost')}</p>}
          {progress && <Sending progress={progress} onCancel={() => abort.current?.abort()} />}
          <Button type="submit" variant="primary" size="lg" pending={pending} disabled={draft.hostId === ''}>
            {!pending && <Hammer aria-hidden />}
            {t('submit')}
          </Button>
        </Card>
      </div>
    </form>
  );
}

function Sending({ progress, onCancel }: { progress: UploadProgress; onCancel: () => void }) {
  const t = useTranslations('images.upload');
  const { bytes, percent } = useUnits();
  const ratio = progress.totalBytes > 0 ? progress.sentBytes / progress.totalBytes : 0;
  const figures = { sent: bytes(progress.sentBytes), total: bytes(progress.totalBytes), percent: percent(ratio) };
  return (
    <div role="status">
      <div className="mb-1 flex items-center justify-between gap-2 text-muted text-sm">
        {t('sent', figures)}
        <Button variant="ghost" size="icon-sm" aria-label={t('cancel')} onClick={onCancel}>
          <X aria-hidden />
        </Button>
      </div>
      <ProgressBar label={t('progress')} ratio={ratio} valueText={percent(ratio)} />
    </div>
  );
}
