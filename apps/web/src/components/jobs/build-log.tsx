'use client';
import { CircleCheck, CircleX, LoaderCircle } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useRef } from 'react';
import { AnsiText } from '@/components/containers/ansi-text.tsx';
import { Badge } from '@/components/ui/badge.tsx';
import { ProgressBar } from '@/components/ui/progress-bar.tsx';
import type { JobState } from '@/server/views.ts';
import { type BuildStep, buildSteps } from './build-steps.ts';

/** Nearer to the end than this counts as at the end. */
const endPx = 40;

/** The steps of a build with what each said; it follows its end until somebody scrolls up. */
export function BuildLog({ lines, state }: { lines: string[]; state: JobState }) {
  const t = useTranslations('jobs');
  const frame = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const steps = buildSteps(lines);
  const last = steps.at(-1);
  const isRunning = state === 'running';
  useEffect(() => {
    const element = frame.current;
    if (element && atEnd.current && lines.length > 0) element.scrollTop = element.scrollHeight;
  }, [lines]);
  const done = last ? (isRunning || state === 'failed' ? last.number - 1 : last.number) : 0;
  return (
    <div>
      {last && last.total > 0 && (
        <div className="mb-3">
          <p className="mb-1 text-muted text-sm">{t('stepOf', { number: last.number, total: last.total })}</p>
          <ProgressBar
            label={t('steps')}
            ratio={state === 'done' ? 1 : done / last.total}
            tone={state === 'failed' ? 'danger' : state === 'done' ? 'success' : 'accent'}
          />
        </div>
      )}
      <div
        ref={frame}
        role="log"
        aria-label={t('buildLog')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable for the keyboard.
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < endPx;
        }}
        className="max-h-[60dvh] min-h-40 overflow-auto rounded-md border border-line -outline-offset-2"
      >
        {steps.map((step, index) => (
          // Steps are only known by their place.
          <Step key={index} step={step} state={step === last ? state : 'done'} />
        ))}
        {steps.length === 0 && <p className="p-4 text-muted text-sm">{t(isRunning ? 'buildWaits' : 'buildSilent')}</p>}
      </div>
    </div>
  );
}

const icons = { running: LoaderCircle, done: CircleCheck, failed: CircleX, cancelled: CircleX } as const;
const looks = {
  running: 'animate-spin text-accent',
  done: 'text-success',
  failed: 'text-danger',
  cancelled: 'text-faint',
} as const;

function Step({ step, state }: { step: BuildStep; state: JobState }) {
  const t = useTranslations('jobs');
  const Icon = icons[state];
  return (
    <section className="border-line border-b last:border-b-0">
      {step.number > 0 && (
        <header className="sticky top-0 flex items-center gap-2 bg-raised px-3 py-1.5">
          <Icon aria-label={t(`states.${state}`)} className={`size-4 shrink-0 ${looks[state]}`} />
          <span className="whitespace-nowrap text-faint text-xs">
            {step.number}/{step.total}
          </span>
          <code className="min-w-0 flex-1 break-all text-xs">{step.instruction}</code>
          {step.isCached && <Badge>{t('cached')}</Badge>}
        </header>
      )}
      {step.lines.length > 0 && (
        <pre className="whitespace-pre-wrap bg-terminal px-3 py-1.5 text-[12px] text-terminal-ink leading-[18px] wrap-anywhere [color-scheme:dark]">
          {step.lines.map((line, index) => (
            // Lines are only known by their place.
            <div key={index}>
              <AnsiText text={line} />
            </div>
          ))}
        </pre>
      )}
    </section>
  );
}
