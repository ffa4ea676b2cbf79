import { CircleAlert, Info, type LucideIcon, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';

const tones: Record<'info' | 'warning' | 'danger', { icon: LucideIcon; look: string }> = {
  info: { icon: Info, look: 'border-accent/30 bg-accent-soft [&>svg]:text-accent' },
  warning: { icon: TriangleAlert, look: 'border-warning/35 bg-warning-soft [&>svg]:text-warning' },
  danger: { icon: CircleAlert, look: 'border-danger/35 bg-danger-soft [&>svg]:text-danger' },
};

interface BannerProps {
  tone?: keyof typeof tones;
  title?: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
  role?: 'alert' | 'status';
  className?: string;
}

export function Banner({ tone = 'info', title, children, action, role, className }: BannerProps) {
  const { icon: Icon, look } = tones[tone];
  return (
    <div
      role={role}
      className={classNames(
        'flex flex-wrap items-start gap-2.5 rounded-md border px-3 py-2.5 text-ink',
        look,
        className,
      )}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1 basis-48">
        {title && <p className="font-medium">{title}</p>}
        {children && <div className="break-words text-ink/85">{children}</div>}
      </div>
      {action}
    </div>
  );
}
