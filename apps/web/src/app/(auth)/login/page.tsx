import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { SignInForm } from '@/components/auth/sign-in-form.tsx';
import { Banner } from '@/components/ui/banner.tsx';
import { currentUser } from '@/server/auth/current-user.ts';
import { setupNeeded } from '@/server/auth/setup-needed.ts';
import { submitSignIn } from './actions.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('auth'))('signIn') };
}

export default async function LoginPage() {
  if (await currentUser()) redirect('/hosts');
  const t = await getTranslations('auth');
  return (
    <>
      <h1 className="mb-1 font-semibold text-lg">{t('signInTitle')}</h1>
      <p className="mb-5 text-muted">{t('signInText')}</p>
      {(await setupNeeded()) && (
        <Banner tone="info" title={t('setupNeededTitle')} className="mb-5">
          {t('setupNeededText')}
        </Banner>
      )}
      <SignInForm signIn={submitSignIn} />
    </>
  );
}
