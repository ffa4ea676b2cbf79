import { Plus } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { Suspense } from 'react';
import { ContainerList } from '@/components/containers/container-list.tsx';
import { buttonClass } from '@/components/ui/button.tsx';
import { PageHeader } from '@/components/ui/page-header.tsx';
import { listContainers } from '@/server/inventory/list-containers.ts';
import { listHosts } from '@/server/inventory/list-hosts.ts';
import { submitBulkAction, submitContainerAction, submitRemoveContainer, submitRenameContainer } from './actions.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('containers'))('title') };
}

export default async function ContainersPage() {
  const t = await getTranslations('containers');
  const [containers, hosts] = await Promise.all([listContainers({}), listHosts()]);
  return (
    <>
      <PageHeader
        title={t('title')}
        description={t('text')}
        actions={
          containers.length > 0 && (
            <Link href="/containers/new" className={buttonClass({ variant: 'primary' })}>
              <Plus aria-hidden />
              {t('create')}
            </Link>
          )
        }
      />
      <Suspense>
        <ContainerList
          containers={containers}
          hosts={hosts.map(({ id, name }) => ({ id, name }))}
          mutations={{ act: submitContainerAction, rename: submitRenameContainer, remove: submitRemoveContainer }}
          bulk={submitBulkAction}
        />
      </Suspense>
    </>
  );
}
