import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { ImageList } from '@/components/images/image-list.tsx';
import { UploadImage } from '@/components/images/upload-image.tsx';
import { PageHeader } from '@/components/ui/page-header.tsx';
import { listHosts } from '@/server/inventory/list-hosts.ts';
import { listImages } from '@/server/inventory/list-images.ts';
import { submitRemoveImage } from './actions.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('images'))('title') };
}

export default async function ImagesPage() {
  const t = await getTranslations('images');
  const [images, hosts] = await Promise.all([listImages({}), listHosts()]);
  return (
    <>
      <PageHeader title={t('title')} description={t('text')} />
      <UploadImage hosts={hosts.map(({ id, name, state }) => ({ id, name, state }))} />
      <ImageList images={images} showHost={hosts.length > 1} remove={submitRemoveImage} />
    </>
  );
}
