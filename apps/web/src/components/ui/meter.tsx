import { classNames } from './class-names.ts';

interface MeterProps {
  label: string;
  /** 0 to 1; null when unknown. */
  ratio: number | null;
  valueText: string;
  className?: string;
}

/** A thin bar; it turns amber and red where a person should look, and the text beside it says the figure. */
export function Meter({ label, ratio, valueText, className }: MeterProps) {
  const share = ratio === null || !Number.isFinite(ratio) ? 0 : Math.min(1, Math.max(0, ratio));
  const look = share >= 0.95 ? 'bg-danger' : share >= 0.8 ? 'bg-warning' : 'bg-accent';
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers draw <meter> each in their own way.
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={valueText}
      className={classNames('h-1.5 overflow-hidden rounded-full bg-hover', className)}
    >
      <div
        className={classNames('h-full rounded-full transition-[width] duration-500', look)}
        style={{ width: `${share * 100}%` }}
      />
    </div>
  );
}
