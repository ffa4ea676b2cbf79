import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';

interface SelectionBarProps {
  label: string;
  clearLabel: string;
  /** How much is chosen. */
  text: string;
  onClear: () => void;
  /** What can be done with it. */
  children: ReactNode;
}

export function SelectionBar({ label, clearLabel, text, onClear, children }: SelectionBarProps) {
  return (
    <div
      role="toolbar"
      aria-label={label}
      className="flex flex-wrap items-center gap-2 rounded-md border border-accent/40 bg-accent-soft px-3 py-2"
    >
      <span className="flex basis-full items-center gap-1 font-medium sm:mr-auto sm:basis-auto">
        <Button size="icon-sm" variant="ghost" aria-label={clearLabel} onClick={onClear}>
          <X aria-hidden />
        </Button>
        {text}
      </span>
      {children}
    </div>
  );
}
