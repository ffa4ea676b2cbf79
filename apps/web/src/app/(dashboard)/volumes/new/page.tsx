import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { PageHeader } from '@/components/ui/page-header.tsx';
import { CreateVolumeForm } from '@/components/volumes/create-volume-form.tsx';
import { listHosts } from '@/server/inventory/list-hosts.ts';
import { submitCreateVolume } from '../actions.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('volumes.create'))('title') };
}

export default async function NewVolumePage() {
  const t = await getTranslations('volumes.create');
  const hosts = await listHosts();
  return (
    <>
      <PageHeader title={t('title')} description={t('text')} />
      <CreateVolumeForm hosts={hosts.map(({ id, name, state }) => ({ id, name, state }))} create={submitCreateVolume} />
    </>
  );
}
