'use client';
import { CirclePlay, RotateCw, SquareTerminal } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Badge } from '@/components/ui/badge.tsx';
import { Button } from '@/components/ui/button.tsx';
import { Card } from '@/components/ui/card.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { type TerminalMode, useTerminal } from './use-terminal.ts';

interface TerminalTabProps {
  hostId: string;
  containerId: string;
  running: boolean;
  offline: boolean;
  /** Attaching to the main process makes sense when it has a terminal of its own. */
  canAttach: boolean;
}

export function TerminalTab(props: TerminalTabProps) {
  const t = useTranslations('terminal');
  if (props.running) return <LiveTerminal {...props} />;
  return (
    <Card>
      <EmptyState icon={SquareTerminal} title={t(props.offline ? 'offline' : 'notRunning')}>
        {t(props.offline ? 'offlineText' : 'notRunningText')}
      </EmptyState>
    </Card>
  );
}

function LiveTerminal({ hostId, containerId, canAttach }: TerminalTabProps) {
  const t = useTranslations('terminal');
  const [mode, setMode] = useState<TerminalMode>('exec');
  const [user, setUser] = useState('');
  const [command, setCommand] = useState('');
  const [session, setSession] = useState({ user: '', command: '', epoch: 0 });
  const { frame, state, message, exitCode } = useTerminal({ hostId, containerId, mode, ...session });
  const restart = () => setSession({ user, command, epoch: session.epoch + 1 });
  return (
    <Card className="overflow-hidden">
      <form
        className="flex flex-wrap items-center gap-2 border-line border-b px-3 py-2"
        onSubmit={(event) => {
          event.preventDefault();
          restart();
        }}
      >
        {canAttach && (
          <select
            aria-label={t('mode')}
            value={mode}
            onChange={(event) => setMode(event.target.value === 'attach' ? 'attach' : 'exec')}
            className="input h-7.5 w-auto pr-7"
          >
            <option value="exec">{t('modes.exec')}</option>
            <option value="attach">{t('modes.attach')}</option>
          </select>
        )}
        {mode === 'exec' && (
          <>
            <input
              aria-label={t('command')}
              placeholder={t('commandPlaceholder')}
              value={command}
              onChange={(event) => setCommand(event.target.value)}
              className="input h-7.5 min-w-32 flex-1 font-mono sm:w-40 sm:flex-none"
            />
            <input
              aria-label={t('user')}
              placeholder={t('userPlaceholder')}
              value={user}
              onChange={(event) => setUser(event.target.value)}
              className="input h-7.5 min-w-32 flex-1 font-mono sm:w-36 sm:flex-none"
            />
          </>
        )}
        <Button type="submit" size="sm">
          <RotateCw aria-hidden />
          {t(state === 'open' ? 'newSession' : 'reconnect')}
        </Button>
        <span role="status" className="ml-auto">
          <Badge tone={state === 'open' ? 'success' : state === 'connecting' ? 'neutral' : 'warning'} icon={CirclePlay}>
            {t(`state.${state}`, { code: exitCode ?? 0 })}
          </Badge>
        </span>
      </form>
      {message && (
        <p role="alert" className="bg-danger-soft px-4 py-2 text-danger">
          {message}
        </p>
      )}
      <div className="bg-terminal p-2">
        <section ref={frame} aria-label={t('title')} className="h-[60dvh] min-h-72" />
      </div>
    </Card>
  );
}
