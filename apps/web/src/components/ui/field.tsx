import type { ComponentProps, ReactNode } from 'react';
import { useId } from 'react';
import { classNames } from './class-names.ts';

interface FieldFrame {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | undefined;
  optional?: string;
  className?: string | undefined;
}

interface FieldProps extends FieldFrame {
  children: (control: {
    id: string;
    'aria-describedby': string | undefined;
    'aria-invalid': true | undefined;
  }) => ReactNode;
}

/** Label above, hint below, and an error that replaces the hint and is read out with the control. */
export function Field({ label, hint, error, optional, className, children }: FieldProps) {
  const id = useId();
  const noteId = `${id}-note`;
  const note = error ?? hint;
  return (
    <div className={classNames('min-w-0', className)}>
      <label htmlFor={id} className="mb-1 flex items-baseline justify-between gap-2 font-medium text-sm">
        {label}
        {optional && <span className="font-normal text-faint text-xs">{optional}</span>}
      </label>
      {children({ id, 'aria-describedby': note ? noteId : undefined, 'aria-invalid': error ? true : undefined })}
      {note && (
        <p id={noteId} className={classNames('mt-1 text-xs', error ? 'text-danger' : 'text-muted')}>
          {note}
        </p>
      )}
    </div>
  );
}

export function TextField({ label, hint, error, optional, className, ...input }: FieldFrame & ComponentProps<'input'>) {
  return (
    <Field {...{ label, hint, error, className, ...(optional && { optional }) }}>
      {(control) => (
        <input type="text" autoComplete="off" spellCheck={false} {...input} {...control} className="input" />
      )}
    </Field>
  );
}

export function SelectField({
  label,
  hint,
  error,
  optional,
  className,
  children,
  ...select
}: FieldFrame & ComponentProps<'select'>) {
  return (
    <Field {...{ label, hint, error, className, ...(optional && { optional }) }}>
      {(control) => (
        <select {...select} {...control} className="input pr-7">
          {children}
        </select>
      )}
    </Field>
  );
}
