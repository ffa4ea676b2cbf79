'use client';
import { FolderOpen, RefreshCw, Trash2, WifiOff } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { classNames } from '@/components/ui/class-names.ts';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import type { VolumeView } from '@/server/views.ts';
import { SizeText } from './size-text.tsx';
import { AnonymousBadge, SourceBadge, UnusedBadge } from './volume-badges.tsx';
import { shortName, volumeHref, volumeKey } from './volume-types.ts';
import { VolumeUsers } from './volume-users.tsx';

interface VolumeTableProps {
  volumes: VolumeView[];
  showHost: boolean;
  sizeOf: (volume: VolumeView) => number | null | undefined;
  isAsking: boolean;
  onAskSizes: () => void;
  onRemove: (volume: VolumeView) => void;
}

export function VolumeTable({ volumes, showHost, sizeOf, isAsking, onAskSizes, onRemove }: VolumeTableProps) {
  const t = useTranslations('volumes');
  return (
    <table className="w-full table-fixed text-left">
      <thead>
        <tr className="border-line border-b bg-raised/60 text-muted text-xs">
          <th scope="col" className="py-2.5 pr-3 pl-4 font-medium">
            {t('columns.name')}
          </th>
          {showHost && (
            <th scope="col" className="hidden w-[14%] px-3 font-medium lg:table-cell">
              {t('columns.host')}
            </th>
          )}
          <th scope="col" className="hidden w-28 px-3 py-1 text-right font-medium sm:table-cell">
            <span className="inline-flex items-center gap-1">
              {t('columns.size')}
              <Button
                variant="ghost"
                size="icon-sm"
                className="-mr-2 size-6 [&_svg]:size-3"
                disabled={isAsking}
                aria-label={t('measure')}
                title={t('measure')}
                onClick={onAskSizes}
              >
                <RefreshCw aria-hidden className={classNames(isAsking && 'animate-spin')} />
              </Button>
            </span>
          </th>
          <th scope="col" className="hidden w-[20%] px-3 pl-6 font-medium md:table-cell">
            {t('columns.users')}
          </th>
          <th scope="col" className="hidden w-36 px-3 font-medium sm:table-cell">
            {t('columns.created')}
          </th>
          <th scope="col" className="w-22">
            <span className="sr-only">{t('columns.actions')}</span>
          </th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {volumes.map((volume) => (
          <VolumeRow
            key={volumeKey(volume)}
            volume={volume}
            bytes={sizeOf(volume)}
            showHost={showHost}
            onRemove={() => onRemove(volume)}
          />
        ))}
      </tbody>
    </table>
  );
}

/** The badge says the same. */
const anonymousLabel = 'com.docker.volume.anonymous';

interface VolumeRowProps {
  volume: VolumeView;
  bytes: number | null | undefined;
  showHost: boolean;
  onRemove: () => void;
}

function VolumeRow({ volume, bytes, showHost, onRemove }: VolumeRowProps) {
  const t = useTranslations('volumes');
  const offline = volume.hostState === 'offline';
  const isUsed = volume.users.length > 0;
  const labels = Object.keys(volume.labels).filter((name) => name !== anonymousLabel).length;
  return (
    <tr className="hover:bg-raised/50">
      <td className="py-2.5 pr-3 pl-4">
        <Link
          href={volumeHref(volume)}
          title={volume.name}
          className={classNames(
            'block truncate font-medium hover:text-accent hover:underline',
            volume.isAnonymous && 'font-mono text-sm',
          )}
        >
          {shortName(volume)}
        </Link>
        <span className="mt-0.5 flex flex-wrap items-center gap-x-1.5 gap-y-1 text-muted text-xs">
          <span className="text-ink sm:hidden">
            <SizeText bytes={bytes} />
          </span>
          <span>{volume.driver}</span>
          {labels > 0 && <span>{t('labelCount', { count: labels })}</span>}
          {volume.isAnonymous && <AnonymousBadge />}
          <SourceBadge volume={volume} />
          {!isUsed && (
            <span className="md:hidden">
              <UnusedBadge />
            </span>
          )}
          {showHost && <span className="lg:hidden">{volume.hostName}</span>}
          {offline && <WifiOff aria-label={t('hostOffline')} className="size-3.5 text-warning lg:hidden" />}
        </span>
        {isUsed && (
          <span className="block truncate text-muted text-xs md:hidden">
            {t('usedBy', { names: volume.users.map(({ name }) => name).join(', ') })}
          </span>
        )}
      </td>
      {showHost && (
        <td className="hidden px-3 text-sm lg:table-cell">
          <Link href={`/hosts/${volume.hostId}`} className="block truncate hover:text-accent hover:underline">
            {volume.hostName}
          </Link>
          {offline && <span className="block text-warning text-xs">{t('hostOffline')}</span>}
        </td>
      )}
      <td className="hidden whitespace-nowrap px-3 text-right sm:table-cell">
        <SizeText bytes={bytes} />
      </td>
      <td className="hidden px-3 pl-6 text-sm md:table-cell">
        <VolumeUsers volume={volume} max={2} />
      </td>
      <td className="hidden whitespace-nowrap px-3 text-sm sm:table-cell">
        <TimeAgo at={volume.createdAt} />
      </td>
      <td className="whitespace-nowrap py-2 pr-3 text-right">
        <Link
          href={volumeHref(volume, 'files')}
          aria-label={t('browse', { name: shortName(volume) })}
          title={t('browse', { name: shortName(volume) })}
          className={buttonClass({ variant: 'ghost', size: 'icon-sm' })}
        >
          <FolderOpen aria-hidden />
        </Link>
        <Button
          variant="ghost"
          size="icon-sm"
          disabled={offline}
          aria-label={t('removeNamed', { name: shortName(volume) })}
          title={t('remove')}
          onClick={onRemove}
        >
          <Trash2 aria-hidden />
        </Button>
      </td>
    </tr>
  );
}
