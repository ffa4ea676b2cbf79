import { classNames } from './class-names.ts';

interface ProgressBarProps {
  label: string;
  /** 0 to 1; null while nobody knows how much there is. */
  ratio: number | null;
  valueText?: string;
  tone?: 'accent' | 'success' | 'danger';
  className?: string;
}

const looks = { accent: 'bg-accent', success: 'bg-success', danger: 'bg-danger' } as const;

/** How much of some work is done: unlike a meter's, its end is good. */
export function ProgressBar({ label, ratio, valueText, tone = 'accent', className }: ProgressBarProps) {
  const share = ratio === null || !Number.isFinite(ratio) ? null : Math.min(1, Math.max(0, ratio));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      aria-valuetext={valueText}
      className={classNames('h-1.5 overflow-hidden rounded-full bg-hover', className)}
    >
      <div
        className={classNames(
          'h-full rounded-full transition-[width] duration-300',
          looks[tone],
          share === null && 'animate-shimmer',
        )}
        style={{ width: `${(share ?? 1) * 100}%` }}
      />
    </div>
  );
}
