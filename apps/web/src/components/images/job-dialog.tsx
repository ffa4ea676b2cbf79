'use client';
import { JobProgress } from '@/components/jobs/job-progress.tsx';
import { Banner } from '@/components/ui/banner.tsx';
import { Dialog } from '@/components/ui/dialog.tsx';
import { Skeleton } from '@/components/ui/skeleton.tsx';
import type { StartedJob } from './image-types.ts';

interface JobDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** null until the server has begun it. */
  started: StartedJob | null;
  cancel: (jobId: string) => Promise<void>;
}

/** Work that a click began, watched in a dialog; closing leaves it to the server. */
export function JobDialog({ open, onOpenChange, title, started, cancel }: JobDialogProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} wide>
      {started === null && <Skeleton className="h-24" />}
      {started?.ok === true && <JobProgress jobId={started.value.jobId} cancel={cancel} />}
      {started?.ok === false && (
        <Banner tone="danger" role="alert">
          {started.message}
        </Banner>
      )}
    </Dialog>
  );
}
