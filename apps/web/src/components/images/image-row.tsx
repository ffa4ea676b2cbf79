'use client';
import { ArrowUpCircle, Plus, Trash2, WifiOff } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { Badge } from '@/components/ui/badge.tsx';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { Checkbox } from '@/components/ui/checkbox.tsx';
import { classNames } from '@/components/ui/class-names.ts';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import type { ImageView } from '@/server/views.ts';
import { imageHref, imageName, shortId } from './image-names.ts';

interface ImageRowProps {
  image: ImageView;
  showHost: boolean;
  selected: boolean;
  onSelect: (selected: boolean) => void;
  onRemove: () => void;
}

const tagsShown = 3;

export function ImageRow({ image, showHost, selected, onSelect, onRemove }: ImageRowProps) {
  const t = useTranslations('images');
  const { bytes, count } = useUnits();
  const offline = image.hostState === 'offline';
  const name = imageName(image);
  return (
    <tr
      className={classNames(
        'border-line border-b last:border-b-0 hover:bg-raised/50',
        selected && 'bg-accent-soft/60 hover:bg-accent-soft/60',
      )}
    >
      <td className="py-2.5 pl-3 align-middle sm:pl-4">
        <Checkbox label={t('select', { name })} checked={selected} onChange={onSelect} />
      </td>
      <td className="px-2 py-2 sm:w-[40%] sm:px-3">
        <NameCell image={image} />
        <span className="block text-muted text-xs md:hidden">
          {showHost && `${image.hostName}, `}
          <TimeAgo at={image.createdAt} />
        </span>
      </td>
      {showHost && (
        <td className="hidden px-3 text-sm md:table-cell">
          <Link href={`/hosts/${image.hostId}`} className="hover:text-accent hover:underline">
            {image.hostName}
          </Link>
          {offline && (
            <span className="flex items-center gap-1 text-warning text-xs">
              <WifiOff aria-hidden className="size-3" />
              {t('hostOffline')}
            </span>
          )}
        </td>
      )}
      <td className="whitespace-nowrap px-2 text-right sm:px-3">{bytes(image.sizeBytes)}</td>
      <td className="hidden whitespace-nowrap px-3 text-right text-muted lg:table-cell">
        {image.sharedBytes >= 0 ? bytes(image.sharedBytes) : '–'}
      </td>
      <td className="hidden whitespace-nowrap px-3 text-sm md:table-cell">
        <TimeAgo at={image.createdAt} />
      </td>
      <td className="hidden px-3 text-right sm:table-cell">
        {image.containers > 0 ? count(image.containers) : <span className="text-faint">–</span>}
      </td>
      <td className="whitespace-nowrap py-2 pr-2 text-right sm:pr-3">
        <Link
          href={`/containers/new?host=${image.hostId}&image=${encodeURIComponent(name)}`}
          aria-label={t('createFrom', { name })}
          title={t('createFrom', { name })}
          className={buttonClass({ variant: 'ghost', size: 'icon-sm', className: 'hidden sm:inline-flex' })}
        >
          <Plus aria-hidden />
        </Link>
        <Button
          variant="ghost"
          size="icon-sm"
          disabled={offline}
          aria-label={t('removeNamed', { name })}
          title={t('remove')}
          onClick={onRemove}
        >
          <Trash2 aria-hidden />
        </Button>
      </td>
    </tr>
  );
}

function NameCell({ image }: { image: ImageView }) {
  const t = useTranslations('images');
  const href = imageHref(image);
  const [first, ...further] = image.repoTags;
  const labels = Object.entries(image.labels);
  return (
    <>
      <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <Link href={href} className="break-all font-medium hover:text-accent hover:underline">
          {first ?? shortId(image.id)}
        </Link>
        {first === undefined && (
          <Badge tone="warning" title={t('danglingHint')}>
            {t('dangling')}
          </Badge>
        )}
        {image.newerTags.length > 0 && (
          <Badge tone="accent" icon={ArrowUpCircle} title={t('newerHint', { tags: image.newerTags.join(', ') })}>
            {t('newer')}
          </Badge>
        )}
      </span>
      {further.slice(0, tagsShown - 1).map((tag) => (
        <span key={tag} className="block break-all text-muted text-sm">
          {tag}
        </span>
      ))}
      {further.length >= tagsShown && (
        <span className="block text-faint text-xs">{t('moreTags', { count: further.length - tagsShown + 1 })}</span>
      )}
      <span className="flex gap-2 text-2xs text-faint">
        {first !== undefined && <span className="font-mono">{shortId(image.id)}</span>}
        {labels.length > 0 && (
          <span title={labels.map(([label, value]) => `${label}=${value}`).join('\n')}>
            {t('labelCount', { count: labels.length })}
          </span>
        )}
      </span>
    </>
  );
}
