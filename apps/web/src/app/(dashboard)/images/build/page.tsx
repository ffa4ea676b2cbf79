import type { Metadata } from 'next';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { BuildForm } from '@/components/build/build-form.tsx';
import { PageHeader } from '@/components/ui/page-header.tsx';
import { listHosts } from '@/server/inventory/list-hosts.ts';
import { listRegistries } from '@/server/inventory/list-registries.ts';
import { submitBuildDockerfile } from '../actions.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('build'))('title') };
}

export default async function BuildPage() {
  const [t, images] = await Promise.all([getTranslations('build'), getTranslations('images')]);
  const [hosts, registries] = await Promise.all([listHosts(), listRegistries()]);
  return (
    <>
      <nav aria-label={images('path')} className="mb-2 flex items-center gap-1 text-muted text-sm">
        <Link href="/images" className="hover:text-accent hover:underline">
          {images('title')}
        </Link>
      </nav>
      <PageHeader title={t('title')} description={t('text')} />
      <BuildForm
        hosts={hosts.map(({ id, name, state }) => ({ id, name, state }))}
        registries={registries.map(({ host }) => host)}
        buildDockerfile={submitBuildDockerfile}
      />
    </>
  );
}
