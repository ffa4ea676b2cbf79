import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { SetupForm } from '@/components/auth/setup-form.tsx';
import { setupNeeded } from '@/server/auth/setup-needed.ts';
import { submitSetup } from './actions.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('auth'))('setupTitle') };
}

export default async function SetupPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  if (!(await setupNeeded())) redirect('/login');
  const { token } = await searchParams;
  const t = await getTranslations('auth');
  return (
    <>
      <h1 className="mb-1 font-semibold text-lg">{t('setupTitle')}</h1>
      <p className="mb-5 text-muted">{t('setupText')}</p>
      <SetupForm setupToken={typeof token === 'string' ? token : ''} create={submitSetup} />
    </>
  );
}
