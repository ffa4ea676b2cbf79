'use client';
import { useTranslations } from 'next-intl';
import { type ReactNode, useState } from 'react';
import type { ImageDetailView } from '@/server/views.ts';
import { ImageHeader, type ImagePageMutations } from './image-header.tsx';
import type { StartedJob } from './image-types.ts';
import { JobDialog } from './job-dialog.tsx';
import { TagsCard } from './tags-card.tsx';

interface ImagePageProps {
  image: ImageDetailView;
  hostLastSeenAt: number | null;
  mutations: ImagePageMutations;
  /** The cards that only show: beside the tags, and below. */
  side: ReactNode;
  children: ReactNode;
}

/** The parts of the page that act, around those that show. */
export function ImagePage({ image, hostLastSeenAt, mutations, side, children }: ImagePageProps) {
  const t = useTranslations('images');
  const [open, setOpen] = useState(false);
  const [title, setTitle] = useState('');
  const [started, setStarted] = useState<StartedJob | null>(null);
  const begin = (words: string, work: Promise<StartedJob>) => {
    setTitle(words);
    setStarted(null);
    setOpen(true);
    work.then(setStarted, () => setStarted({ ok: false, kind: 'unavailable', message: t('noAnswer') }));
  };
  const push = (tag: string) => begin(t('pushTitle', { tag }), mutations.push(image.hostId, tag));
  const pull = (tag: string) => begin(t('pullTitle', { tag }), mutations.pull(image.hostId, tag, ''));
  return (
    <>
      <ImageHeader {...{ image, hostLastSeenAt, mutations }} onPush={push} onPull={pull} />
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <TagsCard image={image} mutations={mutations} onPush={push} />
          {children}
        </div>
        <div className="flex min-w-0 flex-col gap-4">{side}</div>
      </div>
      <JobDialog open={open} onOpenChange={setOpen} title={title} started={started} cancel={mutations.cancelJob} />
    </>
  );
}
