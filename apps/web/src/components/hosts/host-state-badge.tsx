import { CircleCheck, WifiOff } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Badge } from '@/components/ui/badge.tsx';

export function HostStateBadge({ state }: { state: 'online' | 'offline' }) {
  const t = useTranslations('hosts.states');
  return (
    <Badge tone={state === 'online' ? 'success' : 'warning'} icon={state === 'online' ? CircleCheck : WifiOff}>
      {t(state)}
    </Badge>
  );
}
