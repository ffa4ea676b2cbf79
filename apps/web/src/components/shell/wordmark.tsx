import { classNames } from '@/components/ui/class-names.ts';

export function Wordmark({ large = false }: { large?: boolean }) {
  return (
    <span
      className={classNames('flex items-center gap-2.5 font-semibold tracking-tight', large ? 'text-xl' : 'text-lg')}
    >
      <svg aria-hidden viewBox="0 0 32 32" className={large ? 'size-9' : 'size-7'}>
        <rect width="32" height="32" rx="8" className="fill-accent" />
        <g fill="none" strokeWidth="2.2" strokeLinecap="round" strokeLinejoin="round" className="stroke-accent-ink">
          <path d="M7 8h18v10H7zM13 8v10M19 8v10" />
          <path d="M6 23.5c1.7 0 1.7 1.5 3.3 1.5s1.7-1.5 3.4-1.5 1.6 1.5 3.3 1.5 1.7-1.5 3.3-1.5 1.7 1.5 3.4 1.5 1.6-1.5 3.3-1.5" />
        </g>
      </svg>
      Berth
    </span>
  );
}
