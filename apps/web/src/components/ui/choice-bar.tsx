import { classNames } from './class-names.ts';

interface ChoiceBarProps<Value extends string> {
  label: string;
  choices: readonly { value: Value; label: string; count: number }[];
  chosen: Value;
  onChoose: (value: Value) => void;
}

/** One of a few, with how much each would show. On a phone the count stands below, so that five fit beside each other. */
export function ChoiceBar<Value extends string>({ label, choices, chosen, onChoose }: ChoiceBarProps<Value>) {
  return (
    <fieldset
      aria-label={label}
      className="flex w-full overflow-x-auto rounded-md border border-line-strong bg-surface p-0.5 shadow-card sm:w-auto"
    >
      {choices.map(({ value, label, count }) => (
        <button
          key={value}
          type="button"
          aria-pressed={chosen === value}
          onClick={() => onChoose(value)}
          className={classNames(
            'flex h-11 flex-auto flex-col items-center justify-center whitespace-nowrap rounded-sm px-1 font-medium text-muted text-xs hover:text-ink sm:h-7 sm:flex-row sm:gap-1.5 sm:px-2.5 sm:text-sm',
            chosen === value && 'bg-accent-soft text-accent hover:text-accent',
          )}
        >
          {label}
          <span className="text-xs opacity-75">{count}</span>
        </button>
      ))}
    </fieldset>
  );
}
