import { useLocale, useTranslations } from 'next-intl';
import { quoteWord } from '@/components/containers/words.ts';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { Facts } from '@/components/ui/facts.tsx';
import { healthCommand, type ImageInspect } from './inspect-image.ts';

const millisecondsOf = (nanoseconds: number) => nanoseconds / 1e6;

/** What a container of this image does when nobody says otherwise. */
export function ImageConfigCard({ inspect }: { inspect: ImageInspect }) {
  const t = useTranslations('images.config');
  const locale = useLocale();
  const config = inspect.Config;
  const words = (list: string[] | null | undefined) => (list?.length ? list.map(quoteWord).join(' ') : '–');
  const seconds = (nanoseconds: number) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: 'second',
      unitDisplay: 'long',
      maximumFractionDigits: 2,
    }).format(millisecondsOf(nanoseconds) / 1000);
  const health = config?.Healthcheck;
  const healthText = healthCommand(health?.Test);
  return (
    <Card>
      <CardHeader title={t('title')} />
      <Facts
        items={[
          { term: t('entrypoint'), value: words(config?.Entrypoint), mono: true },
          { term: t('command'), value: words(config?.Cmd), mono: true },
          { term: t('user'), value: config?.User || 'root', mono: true },
          { term: t('workingDir'), value: config?.WorkingDir || '/', mono: true },
          { term: t('ports'), value: config?.ExposedPorts.join(', ') || '–', mono: true },
          { term: t('volumes'), value: config?.Volumes.join(', ') || '–', mono: true },
          ...(config?.StopSignal ? [{ term: t('stopSignal'), value: config.StopSignal, mono: true }] : []),
          {
            term: t('health'),
            value: healthText ? (
              <>
                <span className="font-mono text-sm">{healthText}</span>
                {health?.Interval ? (
                  <span className="block text-muted text-xs">
                    {t('healthEvery', { interval: seconds(health.Interval), retries: health.Retries || 3 })}
                  </span>
                ) : null}
              </>
            ) : (
              '–'
            ),
          },
        ]}
      />
    </Card>
  );
}
