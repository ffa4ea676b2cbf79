import { ArrowDown, ArrowUp } from 'lucide-react';
import { classNames } from './class-names.ts';

interface SortHeaderProps {
  label: string;
  active: boolean;
  descending: boolean;
  onSort: () => void;
  className?: string | undefined;
}

/** A column's head that orders the table by it; once more turns the order around. */
export function SortHeader({ label, active, descending, onSort, className }: SortHeaderProps) {
  const Arrow = descending ? ArrowDown : ArrowUp;
  return (
    <th
      scope="col"
      aria-sort={active ? (descending ? 'descending' : 'ascending') : undefined}
      className={classNames('px-2 py-1 font-medium sm:px-3', className)}
    >
      <button
        type="button"
        onClick={onSort}
        className={classNames('inline-flex h-7 items-center gap-1 rounded-sm hover:text-ink', active && 'text-ink')}
      >
        {label}
        <Arrow aria-hidden className={classNames('size-3', !active && 'invisible')} />
      </button>
    </th>
  );
}
