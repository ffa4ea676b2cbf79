import { LoaderCircle } from 'lucide-react';
import type { ComponentProps } from 'react';
import { classNames } from './class-names.ts';

const variants = {
  primary: 'bg-accent text-accent-ink hover:bg-accent-hover shadow-card',
  secondary: 'border border-line-strong bg-surface text-ink hover:bg-hover shadow-card',
  ghost: 'text-muted hover:bg-hover hover:text-ink',
  danger: 'bg-danger text-accent-ink hover:bg-danger-hover shadow-card',
  'danger-quiet':
    'border border-line-strong bg-surface text-danger hover:bg-danger-soft hover:border-danger/50 shadow-card',
} as const;

const sizes = {
  sm: 'h-7 gap-1.5 px-2 text-sm',
  md: 'h-8.5 gap-2 px-3 text-base',
  lg: 'h-10 gap-2 px-4 text-base',
  icon: 'size-8.5',
  'icon-sm': 'size-7',
} as const;

export interface ButtonLook {
  variant?: keyof typeof variants;
  size?: keyof typeof sizes;
  className?: string | undefined;
}

/** The look alone, for links that act as buttons. */
export function buttonClass({ variant = 'secondary', size = 'md', className }: ButtonLook = {}): string {
  return classNames(
    'inline-flex shrink-0 select-none items-center justify-center whitespace-nowrap rounded-md font-medium transition-colors duration-100',
    'disabled:cursor-not-allowed disabled:opacity-45 [&_svg]:size-4 [&_svg]:shrink-0',
    variants[variant],
    sizes[size],
    className,
  );
}

type ButtonProps = ComponentProps<'button'> & ButtonLook & { pending?: boolean };

export function Button({ variant, size, pending = false, className, disabled, children, ...rest }: ButtonProps) {
  const look: ButtonLook = { className, ...(variant && { variant }), ...(size && { size }) };
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || pending}
      aria-busy={pending || undefined}
      className={buttonClass(look)}
    >
      {pending && <LoaderCircle aria-hidden className="animate-spin" />}
      {children}
    </button>
  );
}
