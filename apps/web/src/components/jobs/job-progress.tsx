'use client';
import { Ban, CircleCheck, X } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useTransition } from 'react';
import { Banner } from '@/components/ui/banner.tsx';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { ProgressBar } from '@/components/ui/progress-bar.tsx';
import { Skeleton } from '@/components/ui/skeleton.tsx';
import type { JobView } from '@/server/views.ts';
import { BuildLog } from './build-log.tsx';
import { LayerList } from './layer-list.tsx';
import { RecreateStepper } from './recreate-stepper.tsx';
import { useJob } from './use-job.ts';

interface JobProgressProps {
  jobId: string;
  cancel: (jobId: string) => Promise<void>;
}

/** How work on the server goes, and how it ended. Leaving does not end it; cancelling does. */
export function JobProgress({ jobId, cancel }: JobProgressProps) {
  const t = useTranslations('jobs');
  const { job, items, lines, isGone } = useJob(jobId);
  const [cancelling, startTransition] = useTransition();
  if (isGone && !job) return <Banner tone="info">{t('gone')}</Banner>;
  if (!job) return <Skeleton className="h-24" />;
  const isRunning = job.state === 'running';
  const isBuild = job.kind === 'build';
  return (
    <div className="flex flex-col gap-3">
      <JobOutcome job={job} />
      {job.kind === 'recreate' && <RecreateStepper job={job} />}
      {isRunning && !isBuild && items.length === 0 && job.kind !== 'recreate' && (
        <ProgressBar label={t(`kinds.${job.kind}`, { name: job.title })} ratio={null} />
      )}
      <LayerList items={items} isOver={!isRunning} />
      {isBuild ? <BuildLog lines={lines} state={job.state} /> : <Lines lines={lines} />}
      {isRunning && (
        <div className="flex items-center justify-between gap-3">
          <p className="text-muted text-xs">{t('goesOn')}</p>
          <Button size="sm" pending={cancelling} onClick={() => startTransition(() => cancel(jobId))}>
            {!cancelling && <X aria-hidden />}
            {t('cancel')}
          </Button>
        </div>
      )}
    </div>
  );
}

function JobOutcome({ job }: { job: JobView }) {
  const t = useTranslations('jobs');
  const { result } = job;
  if (job.state === 'running') return null;
  if (job.state === 'failed') {
    return (
      <Banner tone="danger" role="alert" title={t(`failed.${job.kind}`, { name: job.title })}>
        {job.message}
      </Banner>
    );
  }
  if (job.state === 'cancelled') {
    return (
      <p role="status" className="flex items-center gap-2 text-muted">
        <Ban aria-hidden className="size-4 shrink-0" />
        {t('cancelled')}
      </p>
    );
  }
  const outcome = result.isUpToDate ? `${job.kind}UpToDate` : job.kind;
  const key = `done.${outcome}` as 'done.pull';
  return (
    <div role="status" className="flex flex-wrap items-center gap-2 text-success">
      <CircleCheck aria-hidden className="size-4 shrink-0" />
      <span className="min-w-0 flex-1 break-words">
        {t(key, { name: job.title })}
        {result.digest && <span className="block break-all font-mono text-2xs text-muted">{result.digest}</span>}
      </span>
      {result.containerId ? (
        <Link
          href={`/hosts/${job.hostId}/containers/${result.containerId}`}
          className={buttonClass({ size: 'sm', className: 'text-ink' })}
        >
          {t('openContainer')}
        </Link>
      ) : (
        result.imageId && (
          <Link
            href={`/hosts/${job.hostId}/images/${result.imageId.replace(/^sha256:/, '')}`}
            className={buttonClass({ size: 'sm', className: 'text-ink' })}
          >
            {t('openImage')}
          </Link>
        )
      )}
    </div>
  );
}

function Lines({ lines }: { lines: string[] }) {
  if (lines.length === 0) return null;
  return (
    <pre className="max-h-40 overflow-auto whitespace-pre-wrap rounded-md bg-raised px-3 py-2 text-muted text-xs wrap-anywhere">
      {lines.join('\n')}
    </pre>
  );
}
