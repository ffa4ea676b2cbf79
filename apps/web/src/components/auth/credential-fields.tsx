'use client';
import { Eye, EyeOff } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Field } from '@/components/ui/field.tsx';

interface CredentialProps {
  value: string;
  onChange: (value: string) => void;
}

export function EmailField({ value, onChange }: CredentialProps) {
  const t = useTranslations('auth');
  return (
    <Field label={t('email')}>
      {(control) => (
        <input
          {...control}
          name="email"
          type="email"
          autoComplete="username"
          required
          value={value}
          onChange={(event) => onChange(event.target.value)}
          className="input h-10"
        />
      )}
    </Field>
  );
}

interface PasswordProps extends CredentialProps {
  autoComplete: 'current-password' | 'new-password';
  hint?: string;
  error?: string | undefined;
  lengthMin?: number;
}

export function PasswordField({ value, onChange, autoComplete, hint, error, lengthMin }: PasswordProps) {
  const t = useTranslations('auth');
  const [shown, setShown] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  return (
    <Field label={t('password')} hint={hint} error={error}>
      {(control) => (
        <div className="relative">
          <input
            {...control}
            name="password"
            type={shown ? 'text' : 'password'}
            autoComplete={autoComplete}
            required
            minLength={lengthMin}
            value={value}
            onChange={(event) => onChange(event.target.value)}
            className="input h-10 pr-10"
          />
          <button
            type="button"
            aria-label={t(shown ? 'hideCharacters' : 'showCharacters')}
            onClick={() => setShown(!shown)}
            className="absolute inset-y-0 right-0 flex w-10 items-center justify-center rounded-md text-faint -outline-offset-2 hover:text-ink"
          >
            <Icon aria-hidden className="size-4" />
          </button>
        </div>
      )}
    </Field>
  );
}
