import { CircleCheck, CircleMinus, Info, ShieldAlert, ShieldCheck, TriangleAlert } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Badge } from '@/components/ui/badge.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import type { HostView } from '@/server/views.ts';
import { type HostFeature, hostFeatures, isolationSummary } from './host-features.ts';

const looks = {
  yes: { icon: CircleCheck, look: 'text-success' },
  no: { icon: CircleMinus, look: 'text-faint' },
  missing: { icon: TriangleAlert, look: 'text-warning' },
  value: { icon: Info, look: 'text-faint' },
} as const;

export function HostIsolationCard({ host }: { host: Pick<HostView, 'features' | 'warnings'> }) {
  const t = useTranslations('hosts');
  const { level, lacking } = isolationSummary(host);
  const features = hostFeatures(host.features);
  return (
    <Card>
      <CardHeader
        title={t('isolationTitle')}
        description={t('isolationHint')}
        actions={
          <Badge tone={level === 'full' ? 'success' : 'warning'} icon={level === 'full' ? ShieldCheck : ShieldAlert}>
            {t(`isolation.${level}`, { count: lacking })}
          </Badge>
        }
      />
      {host.warnings.length > 0 && (
        <ul className="divide-y divide-warning/20 border-line border-b bg-warning-soft">
          {host.warnings.map((warning) => (
            <li key={warning} className="flex items-start gap-2.5 px-4 py-2 text-sm">
              <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
              <span className="min-w-0 break-words">{warning}</span>
            </li>
          ))}
        </ul>
      )}
      {features.length === 0 && <p className="px-4 py-3 text-muted text-sm">{t('noFeatures')}</p>}
      <ul className="grid grid-cols-1 gap-x-8 px-4 py-1 sm:grid-cols-2 xl:grid-cols-3">
        {features.map((feature) => (
          <FeatureRow key={feature.name} feature={feature} />
        ))}
      </ul>
    </Card>
  );
}

function FeatureRow({ feature }: { feature: HostFeature }) {
  const t = useTranslations('hosts');
  const { icon: Icon, look } = looks[feature.state];
  return (
    <li className="flex items-start gap-2.5 py-2">
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${look}`} />
      <div className="min-w-0 flex-1">
        <p className="font-medium text-sm">{feature.known ? t(`features.${feature.known}`) : feature.name}</p>
        {feature.known && <p className="text-muted text-xs">{t(`featureTexts.${feature.known}`)}</p>}
      </div>
      <span className="max-w-[45%] break-words text-right text-muted text-sm">
        {feature.state === 'value' ? feature.value : t(`featureStates.${feature.state}`)}
      </span>
    </li>
  );
}
