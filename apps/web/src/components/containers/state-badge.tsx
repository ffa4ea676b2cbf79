import {
  Ban,
  CircleDashed,
  CirclePause,
  CirclePlay,
  CircleStop,
  LoaderCircle,
  type LucideIcon,
  MemoryStick,
} from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Badge, type Tone } from '@/components/ui/badge.tsx';
import type { ContainerState } from '@/server/views.ts';

const looks: Record<ContainerState, { icon: LucideIcon; tone: Tone }> = {
  created: { icon: CircleDashed, tone: 'neutral' },
  running: { icon: CirclePlay, tone: 'success' },
  paused: { icon: CirclePause, tone: 'warning' },
  restarting: { icon: LoaderCircle, tone: 'warning' },
  removing: { icon: LoaderCircle, tone: 'neutral' },
  exited: { icon: CircleStop, tone: 'neutral' },
  dead: { icon: Ban, tone: 'danger' },
};

export function StateBadge({ state }: { state: ContainerState }) {
  const t = useTranslations('containers.states');
  const { icon, tone } = looks[state];
  return (
    <Badge icon={icon} tone={tone}>
      {t(state)}
    </Badge>
  );
}

/** Also shown on a container that runs again: it was killed once, and will be again. */
export function OomBadge() {
  const t = useTranslations('containers');
  return (
    <Badge icon={MemoryStick} tone="danger" title={t('oomHint')}>
      {t('oomKilled')}
    </Badge>
  );
}
