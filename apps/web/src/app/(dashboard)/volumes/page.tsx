import { Plus } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { Suspense } from 'react';
import { buttonClass } from '@/components/ui/button.tsx';
import { PageHeader } from '@/components/ui/page-header.tsx';
import { VolumeList } from '@/components/volumes/volume-list.tsx';
import { listHosts } from '@/server/inventory/list-hosts.ts';
import { listVolumes } from '@/server/inventory/list-volumes.ts';
import { submitPruneVolumes, submitRemoveVolume } from './actions.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('volumes'))('title') };
}

export default async function VolumesPage() {
  const t = await getTranslations('volumes');
  const [volumes, hosts] = await Promise.all([listVolumes({}), listHosts()]);
  return (
    <>
      <PageHeader
        title={t('title')}
        description={t('text')}
        actions={
          volumes.length > 0 && (
            <Link href="/volumes/new" className={buttonClass({ variant: 'primary' })}>
              <Plus aria-hidden />
              {t('create.submit')}
            </Link>
          )
        }
      />
      <Suspense>
        <VolumeList
          volumes={volumes}
          hosts={hosts.map(({ id, name, state }) => ({ id, name, state }))}
          mutations={{ remove: submitRemoveVolume, prune: submitPruneVolumes }}
        />
      </Suspense>
    </>
  );
}
