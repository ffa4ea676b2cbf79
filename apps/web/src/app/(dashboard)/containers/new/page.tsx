import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { CreateForm } from '@/components/containers/create-form.tsx';
import { PageHeader } from '@/components/ui/page-header.tsx';
import { listHosts } from '@/server/inventory/list-hosts.ts';
import { listImages } from '@/server/inventory/list-images.ts';
import { submitCreateContainer } from '../actions.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('create'))('title') };
}

export default async function CreateContainerPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const t = await getTranslations('create');
  const wanted = await searchParams;
  const [hosts, images] = await Promise.all([listHosts(), listImages({})]);
  const host =
    hosts.find((entry) => entry.id === wanted.host) ?? hosts.find((entry) => entry.state === 'online') ?? hosts[0];
  const image =
    typeof wanted.image === 'string'
      ? wanted.image
      : (images.find((entry) => entry.hostId === host?.id)?.repoTags[0] ?? '');
  return (
    <>
      <PageHeader title={t('title')} description={t('text')} />
      <CreateForm
        hosts={hosts}
        images={images}
        initial={{ hostId: host?.id ?? '', image }}
        create={submitCreateContainer}
      />
    </>
  );
}
