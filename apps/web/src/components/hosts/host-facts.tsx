import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { Facts } from '@/components/ui/facts.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import type { HostView } from '@/server/views.ts';

export function HostFacts({ host }: { host: HostView }) {
  const t = useTranslations('hosts.facts');
  const { bytes } = useUnits();
  return (
    <Card>
      <CardHeader title={t('title')} />
      <Facts
        items={[
          { term: t('hostname'), value: host.hostname, mono: true },
          { term: t('os'), value: host.os },
          { term: t('kernel'), value: host.kernel, mono: true },
          { term: t('architecture'), value: host.architecture },
          { term: t('cpus'), value: String(host.cpuCount) },
          { term: t('memory'), value: bytes(host.memoryBytes) },
          { term: t('agent'), value: host.agentVersion },
          { term: t('enrolled'), value: <TimeAgo at={host.enrolledAt} /> },
        ]}
      />
    </Card>
  );
}
