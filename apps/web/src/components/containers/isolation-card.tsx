import { CircleCheck, CircleMinus, ShieldPlus, TriangleAlert } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Badge } from '@/components/ui/badge.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { type Inspect, type IsolationFact, isolationFacts } from './inspect.ts';
import { WeakeningList } from './weakening-list.tsx';
import { weakeningSentences } from './weakenings.ts';

const looks = {
  strong: { icon: ShieldPlus, look: 'text-success' },
  default: { icon: CircleCheck, look: 'text-success' },
  weak: { icon: TriangleAlert, look: 'text-warning' },
} as const;

/** Every wall around the container, and in whole sentences what was taken from it. */
export function IsolationCard({ inspect }: { inspect: Inspect }) {
  const t = useTranslations('containers.isolation');
  const facts = isolationFacts(inspect);
  const sentences = weakeningSentences(inspect.Berth?.Weakenings ?? []);
  const weak = Math.max(sentences.length, facts.filter((fact) => fact.strength === 'weak').length);
  return (
    <Card>
      <CardHeader
        title={t('title')}
        actions={
          weak === 0 ? (
            <Badge tone="success" icon={CircleCheck}>
              {t('full')}
            </Badge>
          ) : (
            <Badge tone="warning" icon={TriangleAlert}>
              {t('weakened', { count: weak })}
            </Badge>
          )
        }
      />
      {sentences.length > 0 ? (
        <div className="border-line border-b bg-warning-soft px-4 py-2.5">
          <WeakeningList sentences={sentences} />
        </div>
      ) : (
        inspect.HostConfig.Privileged && (
          <p className="border-line border-b bg-warning-soft px-4 py-2 font-medium text-warning">{t('privileged')}</p>
        )
      )}
      <ul className="divide-y divide-line">
        {facts.map((fact) => (
          <IsolationRow key={fact.key} fact={fact} />
        ))}
      </ul>
    </Card>
  );
}

function IsolationRow({ fact }: { fact: IsolationFact }) {
  const t = useTranslations('containers.isolation');
  const { icon, look } = looks[fact.strength];
  const isNeutral = (fact.key === 'readOnlyRoot' && fact.sentence === 'off') || fact.sentence === 'missing';
  const Icon = isNeutral ? CircleMinus : icon;
  const isNamespace = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', 'user'].includes(fact.key);
  return (
    <li className="flex items-start gap-2.5 px-4 py-2">
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${isNeutral ? 'text-faint' : look}`} />
      <p className="min-w-0 flex-1 break-words">
        <span className="font-medium">{t(`names.${fact.key}`)}</span>{' '}
        <span className="text-muted text-sm">
          {isNamespace
            ? t(`namespace.${fact.sentence}` as 'namespace.private', {
                values: (fact.sentence === 'shared' ? fact.values?.slice(0, 12) : fact.values) ?? '',
              })
            : t(`${fact.key}.${fact.sentence}` as 'seccomp.on', { values: fact.values ?? '' })}
        </span>
      </p>
      {fact.strength === 'weak' && <span className="sr-only">{t('weaker')}</span>}
    </li>
  );
}
