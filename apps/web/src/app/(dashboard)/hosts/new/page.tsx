import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { AddHost } from '@/components/hosts/add-host.tsx';
import { PageHeader } from '@/components/ui/page-header.tsx';
import { listHosts } from '@/server/inventory/list-hosts.ts';
import { submitEnrolmentToken } from '../actions.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('addHost'))('title') };
}

export default async function AddHostPage() {
  const t = await getTranslations('addHost');
  const hosts = (await listHosts()).map(({ id, name, enrolledAt }) => ({ id, name, enrolledAt }));
  return (
    <>
      <PageHeader title={t('title')} description={t('text')} />
      <AddHost hosts={hosts} createToken={submitEnrolmentToken} />
    </>
  );
}
