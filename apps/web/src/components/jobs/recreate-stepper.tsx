import { CircleCheck, CircleDashed, CircleX, LoaderCircle, Undo2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type JobView, recreateSteps } from '@/server/views.ts';

/** Where the work is: what is done, what is under way, what is still to come. */
export function RecreateStepper({ job }: { job: JobView }) {
  const t = useTranslations('jobs.recreate');
  const isRestoring = job.step === 'restore';
  const order: readonly JobView['step'][] = recreateSteps;
  const at = order.indexOf(job.step);
  return (
    <ol className="flex flex-col gap-1.5">
      {recreateSteps.map((step, index) => {
        const state = stateOf(index, at, job, isRestoring);
        return (
          <li key={step} aria-current={state === 'now' ? 'step' : undefined} className="flex items-center gap-2">
            <StepIcon state={state} />
            <span className={state === 'later' ? 'text-faint' : undefined}>{t(`steps.${step}`)}</span>
          </li>
        );
      })}
      {isRestoring && (
        <li
          aria-current={job.state === 'running' ? 'step' : undefined}
          className="flex items-center gap-2 text-warning"
        >
          {job.state === 'running' ? (
            <LoaderCircle aria-hidden className="size-4 animate-spin" />
          ) : (
            <Undo2 aria-hidden className="size-4" />
          )}
          {t('steps.restore')}
        </li>
      )}
    </ol>
  );
}

type StepState = 'done' | 'now' | 'failed' | 'later';

function stateOf(index: number, at: number, job: JobView, isRestoring: boolean): StepState {
  if (job.state === 'done') return 'done';
  if (isRestoring || index > at) return 'later';
  if (index < at) return 'done';
  return job.state === 'running' ? 'now' : 'failed';
}

function StepIcon({ state }: { state: StepState }) {
  switch (state) {
    case 'done':
      return <CircleCheck aria-hidden className="size-4 text-success" />;
    case 'now':
      return <LoaderCircle aria-hidden className="size-4 animate-spin text-accent" />;
    case 'failed':
      return <CircleX aria-hidden className="size-4 text-danger" />;
    case 'later':
      return <CircleDashed aria-hidden className="size-4 text-faint" />;
  }
}
