import { ChevronRight, HardDrive } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Fragment, useEffect, useRef } from 'react';
import { VisibleText } from '@/components/ui/visible-text.tsx';
import { pathSteps } from '@/format/file-path.ts';

interface BreadcrumbsProps {
  path: string;
  /** A file in it that is open. */
  open: string | null;
  onGo: (path: string) => void;
}

const stepClass = 'max-w-52 truncate whitespace-pre rounded-sm px-1 py-0.5 hover:bg-hover hover:text-ink';

export function Breadcrumbs({ path, open, onGo }: BreadcrumbsProps) {
  const t = useTranslations('files');
  const steps = pathSteps(path);
  const list = useRef<HTMLElement>(null);
  // The end of a long path is what one wants to see of it.
  useEffect(() => {
    if (list.current) list.current.scrollLeft = list.current.scrollWidth;
  }, [path, open]);
  return (
    <nav
      ref={list}
      aria-label={t('path')}
      className="flex min-w-0 items-center gap-0.5 overflow-x-auto whitespace-nowrap font-mono text-muted text-sm [scrollbar-width:none]"
    >
      <button
        type="button"
        aria-label={t('root')}
        title={t('root')}
        onClick={() => onGo('/')}
        className="rounded-sm p-1 hover:bg-hover hover:text-ink"
      >
        <HardDrive aria-hidden className="size-4" />
      </button>
      {steps.map((step, index) => {
        const isLast = index === steps.length - 1 && open === null;
        return (
          <Fragment key={step.path}>
            <ChevronRight aria-hidden className="size-3.5 shrink-0 text-faint" />
            <button
              type="button"
              aria-current={isLast ? 'page' : undefined}
              onClick={() => onGo(step.path)}
              className={`${stepClass} ${isLast ? 'font-semibold text-ink' : ''}`}
            >
              <VisibleText text={step.name} />
            </button>
          </Fragment>
        );
      })}
      {open !== null && (
        <>
          <ChevronRight aria-hidden className="size-3.5 shrink-0 text-faint" />
          <span aria-current="page" className="truncate whitespace-pre px-1 font-semibold text-ink">
            <VisibleText text={open} />
          </span>
        </>
      )}
    </nav>
  );
}
