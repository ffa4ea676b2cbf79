'use client';
import { Switch } from '@base-ui/react/switch';
import { type ReactNode, useId } from 'react';
import { classNames } from './class-names.ts';

interface SwitchFieldProps {
  label: ReactNode;
  hint?: ReactNode;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}

export function SwitchField({ label, hint, checked, disabled = false, onChange }: SwitchFieldProps) {
  const id = useId();
  return (
    <div className={classNames('flex items-start gap-3', disabled && 'opacity-50')}>
      <Switch.Root
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
        aria-labelledby={`${id}-label`}
        {...(hint ? { 'aria-describedby': `${id}-hint` } : {})}
        className="mt-0.5 flex h-4.5 w-8 shrink-0 cursor-pointer rounded-full bg-line-strong p-0.5 transition-colors data-checked:bg-accent"
      >
        <Switch.Thumb className="size-3.5 rounded-full bg-surface shadow-card transition-transform data-checked:translate-x-3.5" />
      </Switch.Root>
      <div className="min-w-0">
        <p id={`${id}-label`} className="font-medium text-sm">
          {label}
        </p>
        {hint && (
          <p id={`${id}-hint`} className="text-muted text-xs">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
