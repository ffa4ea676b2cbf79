'use client';
import { useTranslations } from 'next-intl';
import { useState, useTransition } from 'react';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import { TextField } from '@/components/ui/field.tsx';
import type { ActionResult } from '@/server/views.ts';
import { EmailField, PasswordField } from './credential-fields.tsx';

interface SetupFormProps {
  setupToken: string;
  create: (input: { setupToken: string; email: string; password: string }) => Promise<ActionResult>;
}

const passwordLengthMin = 10;

export function SetupForm({ setupToken, create }: SetupFormProps) {
  const t = useTranslations('auth');
  const [token, setToken] = useState(setupToken);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [failure, setFailure] = useState<string | null>(null);
  const [pending, startTransition] = useTransition();
  const submit = () =>
    startTransition(async () => {
      const result = await create({ setupToken: token, email, password });
      if (!result.ok) setFailure(result.message);
    });
  return (
    <form action={submit} className="flex flex-col gap-4">
      {failure && (
        <Banner tone="danger" role="alert">
          {failure}
        </Banner>
      )}
      {!setupToken && (
        <TextField
          label={t('setupToken')}
          hint={t('setupTokenHint')}
          required
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
      )}
      <EmailField value={email} onChange={setEmail} />
      <PasswordField
        value={password}
        onChange={setPassword}
        autoComplete="new-password"
        lengthMin={passwordLengthMin}
        hint={t('passwordHint', { count: passwordLengthMin })}
      />
      <Button type="submit" variant="primary" size="lg" pending={pending} className="w-full">
        {t('createAdministrator')}
      </Button>
    </form>
  );
}
