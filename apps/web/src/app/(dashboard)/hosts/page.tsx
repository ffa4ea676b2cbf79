import { Plus, Server } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { HostCards } from '@/components/hosts/host-cards.tsx';
import { buttonClass } from '@/components/ui/button.tsx';
import { Card } from '@/components/ui/card.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { PageHeader } from '@/components/ui/page-header.tsx';
import { listHosts } from '@/server/inventory/list-hosts.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('hosts'))('title') };
}

export default async function HostsPage() {
  const t = await getTranslations('hosts');
  const hosts = await listHosts();
  const add = (
    <Link href="/hosts/new" className={buttonClass({ variant: hosts.length === 0 ? 'primary' : 'secondary' })}>
      <Plus aria-hidden />
      {t('add')}
    </Link>
  );
  return (
    <>
      <PageHeader title={t('title')} description={t('text')} actions={hosts.length > 0 && add} />
      {hosts.length > 0 ? (
        <HostCards hosts={hosts} />
      ) : (
        <Card>
          <EmptyState icon={Server} title={t('empty')} action={add}>
            {t('emptyText')}
          </EmptyState>
        </Card>
      )}
    </>
  );
}
