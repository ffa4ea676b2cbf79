import { classNames } from './class-names.ts';

interface ProgressProps {
  label: string;
  /** 0 to 1. */
  ratio: number;
  valueText: string;
  className?: string;
}

/** How far something has got; unlike a meter's, its end is good. */
export function Progress({ label, ratio, valueText, className }: ProgressProps) {
  const share = Math.min(1, Math.max(0, Number.isFinite(ratio) ? ratio : 0));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={valueText}
      className={classNames('h-1.5 overflow-hidden rounded-full bg-hover', className)}
    >
      <div
        className="h-full rounded-full bg-accent transition-[width] duration-300"
        style={{ width: `${share * 100}%` }}
      />
    </div>
  );
}
