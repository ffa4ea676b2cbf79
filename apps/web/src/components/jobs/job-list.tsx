'use client';
import { Ban, ChevronRight, CircleCheck, CircleX, LoaderCircle } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Button } from '@/components/ui/button.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import type { JobState, JobView } from '@/server/views.ts';

const icons = { running: LoaderCircle, done: CircleCheck, failed: CircleX, cancelled: Ban } as const;
const looks: Record<JobState, string> = {
  running: 'animate-spin text-accent',
  done: 'text-success',
  failed: 'text-danger',
  cancelled: 'text-faint',
};

const shownAtFirst = 3;

/** Work that is under way or was until lately, each a way back to its progress. */
export function JobList({ jobs, hostNames }: { jobs: JobView[]; hostNames: Record<string, string> }) {
  const t = useTranslations('jobs');
  const [isWhole, setIsWhole] = useState(false);
  if (jobs.length === 0) return null;
  const shown = isWhole ? jobs : jobs.filter(({ state }, index) => index < shownAtFirst || state === 'running');
  return (
    <Card className="mb-4 overflow-hidden">
      <CardHeader
        title={t('title')}
        actions={
          jobs.length > shown.length && (
            <Button size="sm" variant="ghost" onClick={() => setIsWhole(true)}>
              {t('showAll', { count: jobs.length })}
            </Button>
          )
        }
      />
      <ul className="divide-y divide-line">
        {shown.map((job) => {
          const Icon = icons[job.state];
          return (
            <li key={job.id}>
              <Link
                href={`/images/work/${job.id}`}
                className="flex items-center gap-3 px-4 py-2 -outline-offset-2 hover:bg-raised/50"
              >
                <Icon aria-label={t(`states.${job.state}`)} className={`size-4 shrink-0 ${looks[job.state]}`} />
                <span className="min-w-0 flex-1">
                  <span className="block truncate font-medium">{t(`kinds.${job.kind}`, { name: job.title })}</span>
                  <span className="block truncate text-muted text-xs">
                    {hostNames[job.hostId] ?? job.hostId}
                    {job.message && `: ${job.message}`}
                  </span>
                </span>
                <span className="whitespace-nowrap text-muted text-xs">
                  <TimeAgo at={job.endedAt ?? job.startedAt} />
                </span>
                <ChevronRight aria-hidden className="size-4 shrink-0 text-faint" />
              </Link>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
