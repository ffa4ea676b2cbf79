import { FolderOpen, LayoutDashboard } from 'lucide-react';
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { FileBrowser } from '@/components/files/file-browser.tsx';
import { LinkTabs } from '@/components/ui/link-tabs.tsx';
import { FilesElsewhere } from '@/components/volumes/files-elsewhere.tsx';
import { VolumeHeader } from '@/components/volumes/volume-header.tsx';
import { VolumeOverview } from '@/components/volumes/volume-overview.tsx';
import { volumeSource } from '@/components/volumes/volume-types.ts';
import { getHost } from '@/server/inventory/get-host.ts';
import { getVolume } from '@/server/inventory/get-volume.ts';
import { submitRemoveVolume } from '../../../../volumes/actions.ts';

const tabs = [
  { key: 'overview', icon: LayoutDashboard },
  { key: 'files', icon: FolderOpen },
] as const;

interface VolumePageProps {
  params: Promise<{ hostId: string; name: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export async function generateMetadata({ params }: VolumePageProps): Promise<Metadata> {
  const { hostId, name } = await params;
  return { title: (await getVolume(hostId, name))?.name ?? '' };
}

export default async function VolumePage({ params, searchParams }: VolumePageProps) {
  const { hostId, name } = await params;
  const [volume, host] = await Promise.all([getVolume(hostId, name), getHost(hostId)]);
  if (!volume || !host) notFound();
  const t = await getTranslations('volumes');
  const wanted = (await searchParams).tab;
  const tab = tabs.find(({ key }) => key === wanted)?.key ?? 'overview';
  return (
    <>
      <VolumeHeader volume={volume} hostLastSeenAt={host.lastSeenAt} remove={submitRemoveVolume} />
      <LinkTabs
        label={volume.name}
        current={tab}
        panelId="volume-panel"
        tabs={tabs.map(({ key, icon: Icon }) => ({
          key,
          label: t(`tabs.${key}`),
          href: `?tab=${key}`,
          icon: <Icon aria-hidden className="size-4" />,
        }))}
      />
      <div id="volume-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} className="mt-4">
        {tab === 'overview' && <VolumeOverview volume={volume} />}
        {tab === 'files' && volumeSource(volume) !== null && <FilesElsewhere volume={volume} />}
        {tab === 'files' && volumeSource(volume) === null && (
          <FileBrowser
            space={{ kind: 'volumes', hostId, id: volume.name, name: volume.name }}
            offline={volume.hostState === 'offline'}
          />
        )}
      </div>
    </>
  );
}
