'use client';
import { ArrowUpCircle, Download, Play, Trash2, Upload } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { HostPath } from '@/components/hosts/host-path.tsx';
import { OfflineBanner } from '@/components/hosts/offline-banner.tsx';
import { Badge } from '@/components/ui/badge.tsx';
import { Banner } from '@/components/ui/banner.tsx';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import type { ActionResult, ImageDetailView } from '@/server/views.ts';
import { exportHref, imageName, shortId } from './image-names.ts';
import type { RemoveImage, StartedJob } from './image-types.ts';
import { RemoveImageDialog } from './remove-image-dialog.tsx';

export interface ImagePageMutations {
  remove: RemoveImage;
  tag: (hostId: string, id: string, name: string) => Promise<ActionResult>;
  push: (hostId: string, name: string) => Promise<StartedJob>;
  pull: (hostId: string, reference: string, platform: string) => Promise<StartedJob>;
  cancelJob: (jobId: string) => Promise<void>;
}

interface ImageHeaderProps {
  image: ImageDetailView;
  hostLastSeenAt: number | null;
  mutations: ImagePageMutations;
  onPush: (tag: string) => void;
  onPull: (tag: string) => void;
}

export function ImageHeader({ image, hostLastSeenAt, mutations, onPush, onPull }: ImageHeaderProps) {
  const t = useTranslations('images');
  const router = useRouter();
  const [removing, setRemoving] = useState(false);
  const offline = image.hostState === 'offline';
  const name = imageName(image);
  const [firstTag] = image.repoTags;
  return (
    <header className="mb-4">
      <HostPath label={t('path')} list={{ href: '/images', title: t('title') }} host={image} />
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
            <h1 className="min-w-0 break-all font-semibold text-xl tracking-tight">{name}</h1>
            {image.repoTags.length === 0 && (
              <Badge tone="warning" title={t('danglingHint')}>
                {t('dangling')}
              </Badge>
            )}
          </div>
          <p className="mt-1 text-muted text-sm">
            <span className="font-mono">{shortId(image.id)}</span>, <TimeAgo at={image.createdAt} />
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Link
            href={`/containers/new?host=${image.hostId}&image=${encodeURIComponent(firstTag ?? image.id)}`}
            className={buttonClass({ variant: 'primary' })}
          >
            <Play aria-hidden />
            {t('run')}
          </Link>
          {firstTag !== undefined && (
            <Button disabled={offline} onClick={() => onPush(firstTag)}>
              <Upload aria-hidden />
              {t('push')}
            </Button>
          )}
          {!offline && (
            <a
              href={exportHref(image.hostId, image.repoTags.length > 0 ? image.repoTags : [image.id])}
              download
              className={buttonClass()}
            >
              <Download aria-hidden />
              {t('export')}
            </a>
          )}
          <Button variant="danger-quiet" disabled={offline} onClick={() => setRemoving(true)}>
            <Trash2 aria-hidden />
            {t('remove')}
          </Button>
        </div>
      </div>
      {offline && <OfflineBanner hostName={image.hostName} seenAt={hostLastSeenAt} />}
      {image.newerTags.map((tag) => (
        <Banner
          key={tag}
          className="mt-3"
          title={t('newerTitle', { tag })}
          action={
            <Button size="sm" disabled={offline} onClick={() => onPull(tag)}>
              <ArrowUpCircle aria-hidden />
              {t('pullNewer')}
            </Button>
          }
        >
          {t('newerText')}
        </Banner>
      ))}
      <RemoveImageDialog
        image={image}
        usedBy={image.usedBy}
        open={removing}
        onOpenChange={setRemoving}
        remove={mutations.remove}
        onRemoved={() => router.push('/images')}
      />
    </header>
  );
}
