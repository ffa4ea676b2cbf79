'use client';
import { ArrowUpCircle, Pencil, Trash2 } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { HostPath } from '@/components/hosts/host-path.tsx';
import { OfflineBanner } from '@/components/hosts/offline-banner.tsx';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import type { ContainerView } from '@/server/views.ts';
import { actionIcons } from './action-icons.ts';
import type { ContainerMutations } from './container-types.ts';
import { KillDialog } from './kill-dialog.tsx';
import { possibleActions } from './possible-actions.ts';
import { type Recreate, RecreateDialog } from './recreate-dialog.tsx';
import { RemoveDialog } from './remove-dialog.tsx';
import { RenameDialog } from './rename-dialog.tsx';
import { OomBadge, StateBadge } from './state-badge.tsx';
import { StatusText } from './status-text.tsx';
import { useContainerMutation } from './use-container-mutation.ts';

interface ContainerHeaderProps {
  container: ContainerView;
  fetchedAt: number;
  hostLastSeenAt: number | null;
  mutations: ContainerMutations;
  recreate: Recreate;
}

export function ContainerHeader({ container, fetchedAt, hostLastSeenAt, mutations, recreate }: ContainerHeaderProps) {
  const t = useTranslations('containers');
  const router = useRouter();
  const [dialog, setDialog] = useState<'remove' | 'kill' | 'rename' | 'recreate' | null>(null);
  const { run, pending, failure } = useContainerMutation(container, mutations);
  const offline = container.hostState === 'offline';
  return (
    <header className="mb-4">
      <HostPath label={t('path')} list={{ href: '/containers', title: t('title') }} host={container} />
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
            <h1 className="min-w-0 break-all font-semibold text-xl tracking-tight">{container.name}</h1>
            <Button
              variant="ghost"
              size="icon-sm"
              className="-ml-2"
              disabled={offline}
              aria-label={t('actOn', { action: t('actions.rename'), name: container.name })}
              title={t('actions.rename')}
              onClick={() => setDialog('rename')}
            >
              <Pencil aria-hidden />
            </Button>
            <StateBadge state={container.state} />
            {container.oomKilled && <OomBadge />}
          </div>
          <p className="mt-1 text-muted text-sm">
            <StatusText container={container} />
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          {possibleActions(container.state).map((action) => {
            const Icon = actionIcons[action];
            return (
              <Button
                key={action}
                variant={action === 'start' ? 'primary' : 'secondary'}
                disabled={offline || (pending !== null && pending !== action)}
                pending={pending === action}
                onClick={() => (action === 'kill' ? setDialog('kill') : run(action))}
              >
                {pending !== action && <Icon aria-hidden />}
                {t(`actions.${action}`)}
              </Button>
            );
          })}
          <Button variant="danger-quiet" disabled={offline || pending !== null} onClick={() => setDialog('remove')}>
            <Trash2 aria-hidden />
            {t('actions.remove')}
          </Button>
        </div>
      </div>
      {failure && (
        <Banner tone="danger" role="alert" className="mt-3">
          {failure}
        </Banner>
      )}
      {offline && <OfflineBanner hostName={container.hostName} seenAt={hostLastSeenAt ?? fetchedAt} />}
      {container.oomKilled && (
        <Banner tone="danger" className="mt-3" title={t('oomKilled')}>
          {t('oomHint')}
        </Banner>
      )}
      {container.hasNewerImage && (
        <Banner
          className="mt-3"
          title={t('recreate.available')}
          action={
            <Button size="sm" variant="primary" disabled={offline} onClick={() => setDialog('recreate')}>
              <ArrowUpCircle aria-hidden />
              {t('recreate.button')}
            </Button>
          }
        >
          {t('recreate.availableText', { image: container.image })}
        </Banner>
      )}
      <RecreateDialog
        container={container}
        open={dialog === 'recreate'}
        onOpenChange={(open) => setDialog(open ? 'recreate' : null)}
        recreate={recreate}
      />
      <RemoveDialog
        container={container}
        mutations={mutations}
        open={dialog === 'remove'}
        onOpenChange={(open) => setDialog(open ? 'remove' : null)}
        onRemoved={() => router.push('/containers')}
      />
      <RenameDialog
        container={container}
        mutations={mutations}
        open={dialog === 'rename'}
        onOpenChange={(open) => setDialog(open ? 'rename' : null)}
      />
      <KillDialog
        container={container}
        mutations={mutations}
        open={dialog === 'kill'}
        onOpenChange={(open) => setDialog(open ? 'kill' : null)}
      />
    </header>
  );
}
