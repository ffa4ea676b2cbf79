import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { EnvironmentCard } from '@/components/containers/environment-card.tsx';
import { LabelsCard } from '@/components/containers/labels-card.tsx';
import { ImageConfigCard } from '@/components/images/image-config-card.tsx';
import { imageName } from '@/components/images/image-names.ts';
import { ImagePage } from '@/components/images/image-page.tsx';
import { ImageSummaryCard } from '@/components/images/image-summary-card.tsx';
import { platformOf, readImageInspect } from '@/components/images/inspect-image.ts';
import { LayersCard } from '@/components/images/layers-card.tsx';
import { UsedByCard } from '@/components/images/used-by-card.tsx';
import { Banner } from '@/components/ui/banner.tsx';
import { getHost } from '@/server/inventory/get-host.ts';
import { getImage } from '@/server/inventory/get-image.ts';
import {
  submitCancelJob,
  submitPullImage,
  submitPushImage,
  submitRemoveImage,
  submitTagImage,
} from '../../../../images/actions.ts';

interface ImagePageProps {
  params: Promise<{ hostId: string; imageId: string }>;
}

export async function generateMetadata({ params }: ImagePageProps): Promise<Metadata> {
  return { title: (await params).imageId.slice(0, 12) };
}

export default async function HostImagePage({ params }: ImagePageProps) {
  const { hostId, imageId } = await params;
  const [image, host] = await Promise.all([getImage(hostId, imageId), getHost(hostId)]);
  if (!image || !host) notFound();
  const t = await getTranslations('images');
  const inspect = readImageInspect(image.inspect);
  const isSilent = image.inspect === null && image.hostState === 'online';
  return (
    <ImagePage
      image={image}
      hostLastSeenAt={host.lastSeenAt}
      mutations={{
        remove: submitRemoveImage,
        tag: submitTagImage,
        push: submitPushImage,
        pull: submitPullImage,
        cancelJob: submitCancelJob,
      }}
      side={
        <>
          {isSilent && (
            <Banner tone="warning" title={t('detailsMissing', { name: imageName(image) })}>
              {image.problem}
            </Banner>
          )}
          <UsedByCard containers={image.usedBy} />
          {image.inspect !== null && <LayersCard history={image.history} sizeBytes={image.sizeBytes} />}
        </>
      }
    >
      <ImageSummaryCard image={image} platform={inspect ? platformOf(inspect) : ''} author={inspect?.Author ?? ''} />
      {inspect && <ImageConfigCard inspect={inspect} />}
      {inspect && <EnvironmentCard env={inspect.Config?.Env ?? []} />}
      <LabelsCard labels={image.labels} />
    </ImagePage>
  );
}
