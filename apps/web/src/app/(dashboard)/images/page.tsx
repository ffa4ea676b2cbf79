import { Hammer, KeyRound } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { Suspense } from 'react';
import { CheckUpdatesButton } from '@/components/images/check-updates-button.tsx';
import { ImageList } from '@/components/images/image-list.tsx';
import { PruneDialog } from '@/components/images/prune-dialog.tsx';
import { PullDialog } from '@/components/images/pull-dialog.tsx';
import { UploadImage } from '@/components/images/upload-image.tsx';
import { JobList } from '@/components/jobs/job-list.tsx';
import { buttonClass } from '@/components/ui/button.tsx';
import { PageHeader } from '@/components/ui/page-header.tsx';
import { listHosts } from '@/server/inventory/list-hosts.ts';
import { listImages } from '@/server/inventory/list-images.ts';
import { listJobs } from '@/server/inventory/list-jobs.ts';
import { listRegistries } from '@/server/inventory/list-registries.ts';
import {
  loadPrunePreview,
  submitCancelJob,
  submitCheckUpdates,
  submitPrune,
  submitPullImage,
  submitRemoveImage,
  submitRemoveImages,
} from './actions.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('images'))('title') };
}

export default async function ImagesPage() {
  const t = await getTranslations('images');
  const [images, hosts, jobs, registries] = await Promise.all([
    listImages({}),
    listHosts(),
    listJobs(),
    listRegistries(),
  ]);
  const choices = hosts.map(({ id, name, state }) => ({ id, name, state }));
  return (
    <>
      <PageHeader
        title={t('title')}
        description={t('text')}
        actions={
          <>
            <Link href="/images/registries" className={buttonClass()}>
              <KeyRound aria-hidden />
              {t('registries')}
            </Link>
            <CheckUpdatesButton
              check={submitCheckUpdates}
              disabled={images.length === 0 || !hosts.some(({ state }) => state === 'online')}
            />
            <PruneDialog hosts={choices} mutations={{ previewPrune: loadPrunePreview, prune: submitPrune }} />
            <Link href="/images/build" className={buttonClass()}>
              <Hammer aria-hidden />
              {t('build')}
            </Link>
            <PullDialog
              hosts={choices}
              registries={registries.map(({ host, username }) => ({ host, username }))}
              mutations={{ pull: submitPullImage, cancelJob: submitCancelJob }}
            />
          </>
        }
      />
      <JobList jobs={jobs} hostNames={Object.fromEntries(hosts.map(({ id, name }) => [id, name]))} />
      <UploadImage hosts={choices} />
      <Suspense>
        <ImageList
          images={images}
          hosts={choices}
          mutations={{ remove: submitRemoveImage, removeSeveral: submitRemoveImages }}
        />
      </Suspense>
    </>
  );
}
