import { CircleCheck, Info } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { cpuLimitCores, type Inspect } from './inspect.ts';

export function LimitsSummary({ inspect }: { inspect: Inspect }) {
  const t = useTranslations('containers.limits');
  const { bytes, cores, count } = useUnits();
  const { Memory, PidsLimit } = inspect.HostConfig;
  const cpus = cpuLimitCores(inspect);
  const rows = [
    { key: 'memory', set: Memory > 0, text: Memory > 0 ? t('memoryText', { value: bytes(Memory) }) : t('memoryNone') },
    { key: 'cpus', set: cpus > 0, text: cpus > 0 ? t('cpusText', { value: cores(cpus) }) : t('cpusNone') },
    {
      key: 'pids',
      set: PidsLimit > 0,
      text: PidsLimit > 0 ? t('pidsText', { value: count(PidsLimit) }) : t('pidsNone'),
    },
  ] as const;
  return (
    <Card>
      <CardHeader title={t('title')} />
      <ul className="divide-y divide-line">
        {rows.map((row) => {
          const Icon = row.set ? CircleCheck : Info;
          return (
            <li key={row.key} className="flex items-start gap-2.5 px-4 py-2">
              <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${row.set ? 'text-success' : 'text-faint'}`} />
              <p>
                <span className="font-medium">{t(row.key)}</span> <span className="text-muted text-sm">{row.text}</span>
              </p>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
