'use client';
import { useTranslations } from 'next-intl';
import { useState, useTransition } from 'react';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import type { ActionResult } from '@/server/views.ts';
import { EmailField, PasswordField } from './credential-fields.tsx';

export function SignInForm({
  signIn,
}: {
  signIn: (credentials: { email: string; password: string }) => Promise<ActionResult>;
}) {
  const t = useTranslations('auth');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [failure, setFailure] = useState<string | null>(null);
  const [pending, startTransition] = useTransition();
  const submit = () =>
    startTransition(async () => {
      const result = await signIn({ email, password });
      if (result.ok) return;
      setFailure(result.message);
      setPassword('');
    });
  return (
    <form action={submit} className="flex flex-col gap-4">
      {failure && (
        <Banner tone="danger" role="alert">
          {failure}
        </Banner>
      )}
      <EmailField value={email} onChange={setEmail} />
      <PasswordField value={password} onChange={setPassword} autoComplete="current-password" />
      <Button type="submit" variant="primary" size="lg" pending={pending} className="w-full">
        {t('signIn')}
      </Button>
    </form>
  );
}
