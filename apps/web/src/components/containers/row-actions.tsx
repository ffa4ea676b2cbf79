'use client';
import { Ellipsis, FileText, Pencil, SquareTerminal, Trash2 } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Button } from '@/components/ui/button.tsx';
import { Menu, MenuItem, MenuSeparator } from '@/components/ui/menu.tsx';
import type { ContainerView } from '@/server/views.ts';
import { actionIcons } from './action-icons.ts';
import { type ContainerActionName, type ContainerMutations, containerHref } from './container-types.ts';
import { KillDialog } from './kill-dialog.tsx';
import { possibleActions } from './possible-actions.ts';
import { RemoveDialog } from './remove-dialog.tsx';
import { RenameDialog } from './rename-dialog.tsx';
import { useContainerMutation } from './use-container-mutation.ts';

interface RowActionsProps {
  container: ContainerView;
  mutations: ContainerMutations;
  disabled: boolean;
}

export function RowActions({ container, mutations, disabled }: RowActionsProps) {
  const t = useTranslations('containers');
  const router = useRouter();
  const [dialog, setDialog] = useState<'remove' | 'kill' | 'rename' | null>(null);
  const { run, pending } = useContainerMutation(container, mutations);
  const actions = possibleActions(container.state);
  const first = actions.find((action) => action === 'start' || action === 'stop' || action === 'unpause');
  const FirstIcon = first ? actionIcons[first] : null;
  const choose = (action: ContainerActionName) => (action === 'kill' ? setDialog('kill') : run(action));
  return (
    <div className="inline-flex items-center">
      {first && FirstIcon && (
        <Button
          variant="ghost"
          size="icon-sm"
          className="hidden sm:inline-flex"
          pending={pending !== null}
          disabled={disabled}
          aria-label={t('actOn', { action: t(`actions.${first}`), name: container.name })}
          title={t(`actions.${first}`)}
          onClick={() => run(first)}
        >
          {pending === null && <FirstIcon aria-hidden />}
        </Button>
      )}
      <Menu
        trigger={
          <Button variant="ghost" size="icon-sm" aria-label={t('menu', { name: container.name })}>
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        {actions.map((action) => (
          <MenuItem key={action} icon={actionIcons[action]} disabled={disabled} onClick={() => choose(action)}>
            {t(`actions.${action}`)}
          </MenuItem>
        ))}
        {actions.length > 0 && <MenuSeparator />}
        <MenuItem icon={FileText} onClick={() => router.push(containerHref(container, 'logs'))}>
          {t('tabs.logs')}
        </MenuItem>
        <MenuItem
          icon={SquareTerminal}
          disabled={disabled || container.state !== 'running'}
          onClick={() => router.push(containerHref(container, 'terminal'))}
        >
          {t('tabs.terminal')}
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={Pencil} disabled={disabled} onClick={() => setDialog('rename')}>
          {t('actions.rename')}
        </MenuItem>
        <MenuItem icon={Trash2} tone="danger" disabled={disabled} onClick={() => setDialog('remove')}>
          {t('actions.remove')}
        </MenuItem>
      </Menu>
      <RemoveDialog
        container={container}
        mutations={mutations}
        open={dialog === 'remove'}
        onOpenChange={(open) => setDialog(open ? 'remove' : null)}
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
    </div>
  );
}
