import { ChevronRight } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { JobProgress } from '@/components/jobs/job-progress.tsx';
import { Card } from '@/components/ui/card.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import { getHost } from '@/server/inventory/get-host.ts';
import { getJob } from '@/server/inventory/get-job.ts';
import { submitCancelJob } from '../../actions.ts';

interface JobPageProps {
  params: Promise<{ jobId: string }>;
}

export async function generateMetadata({ params }: JobPageProps): Promise<Metadata> {
  const job = await getJob((await params).jobId);
  const t = await getTranslations('jobs');
  return { title: job ? t(`kinds.${job.kind}`, { name: job.title }) : '' };
}

export default async function JobPage({ params }: JobPageProps) {
  const job = await getJob((await params).jobId);
  if (!job) notFound();
  const [t, images, host] = await Promise.all([
    getTranslations('jobs'),
    getTranslations('images'),
    getHost(job.hostId),
  ]);
  return (
    <>
      <header className="mb-4">
        <nav aria-label={images('path')} className="mb-2 flex flex-wrap items-center gap-1 text-muted text-sm">
          <Link href="/images" className="hover:text-accent hover:underline">
            {images('title')}
          </Link>
          {host && (
            <>
              <ChevronRight aria-hidden className="size-3.5 text-faint" />
              <Link href={`/hosts/${host.id}`} className="hover:text-accent hover:underline">
                {host.name}
              </Link>
            </>
          )}
        </nav>
        <h1 className="break-words font-semibold text-xl tracking-tight">
          {t(`kinds.${job.kind}`, { name: job.title })}
        </h1>
        <p className="mt-1 text-muted text-sm">
          {t.rich('begun', { ago: () => <TimeAgo at={job.startedAt} />, email: job.userEmail })}
        </p>
      </header>
      <Card className="p-4">
        <JobProgress jobId={job.id} cancel={submitCancelJob} />
      </Card>
    </>
  );
}
