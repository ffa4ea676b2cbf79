'use client';
import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { Badge } from '@/components/ui/badge.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { classNames } from '@/components/ui/class-names.ts';
import type { ImageLayer } from '@/server/views.ts';
import { layerCommand } from './layer-command.ts';

/** The image's making from its first step on, each with how much it added; steps that add nothing stand back. */
export function LayersCard({ history, sizeBytes }: { history: ImageLayer[]; sizeBytes: number }) {
  const t = useTranslations('images.layers');
  const { bytes } = useUnits();
  const steps = [...history].reverse();
  const largest = Math.max(1, ...steps.map((step) => step.sizeBytes));
  const full = steps.filter((step) => step.sizeBytes > 0).length;
  return (
    <Card>
      <CardHeader title={t('title')} description={t('count', { count: full, size: bytes(sizeBytes) })} />
      {steps.length === 0 ? (
        <p className="px-4 py-3 text-muted text-sm">{t('none')}</p>
      ) : (
        <ol className="divide-y divide-line">
          {steps.map((step, index) => (
            // Steps are only known by their place.
            <LayerItem key={index} step={step} number={index + 1} share={step.sizeBytes / largest} />
          ))}
        </ol>
      )}
    </Card>
  );
}

function LayerItem({ step, number, share }: { step: ImageLayer; number: number; share: number }) {
  const t = useTranslations('images.layers');
  const { bytes } = useUnits();
  const { instruction, text } = layerCommand(step.command);
  const isEmpty = step.sizeBytes === 0;
  return (
    <li className={classNames('grid grid-cols-[1.75rem_1fr_auto] gap-x-2 px-4 py-2', isEmpty && 'opacity-70')}>
      <span className="pt-0.5 text-right text-faint text-xs">{number}</span>
      <div className="min-w-0">
        <div className="flex items-start gap-2">
          {instruction && (
            <Badge tone={isEmpty ? 'neutral' : 'accent'} className="font-mono">
              {instruction}
            </Badge>
          )}
          <code
            title={text}
            className="line-clamp-3 min-w-0 whitespace-pre-wrap pt-0.5 text-muted text-xs wrap-anywhere hover:line-clamp-none"
          >
            {text || step.comment || t('unknown')}
          </code>
        </div>
        {!isEmpty && (
          <div aria-hidden className="mt-1.5 h-1.5 overflow-hidden rounded-full bg-hover">
            <div className="h-full min-w-0.5 rounded-full bg-accent" style={{ width: `${share * 100}%` }} />
          </div>
        )}
      </div>
      <span className={classNames('whitespace-nowrap pt-0.5 text-right text-sm', isEmpty && 'text-faint')}>
        {isEmpty ? t('empty') : bytes(step.sizeBytes)}
      </span>
    </li>
  );
}
