import { CircleCheck } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { ProgressBar } from '@/components/ui/progress-bar.tsx';
import type { JobItem } from '@/server/views.ts';
import { countDone, type Layer, layerOf } from './layers.ts';

/** A line a layer, each with how far it is; ended work needs no bars. */
export function LayerList({ items, isOver }: { items: JobItem[]; isOver: boolean }) {
  const t = useTranslations('jobs');
  const layers = items.map(layerOf);
  if (layers.length === 0) return null;
  return (
    <div>
      <p className="mb-1 text-muted text-sm">{t('layersDone', { done: countDone(layers), count: layers.length })}</p>
      <ul className="max-h-[40dvh] divide-y divide-line overflow-y-auto rounded-md border border-line">
        {layers.map((layer) => (
          <li key={layer.id} className="grid grid-cols-[7rem_1fr] items-center gap-x-3 px-3 py-1.5">
            <span className="truncate font-mono text-xs">{layer.id.slice(0, 12)}</span>
            <LayerLine layer={layer} isOver={isOver} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function LayerLine({ layer, isOver }: { layer: Layer; isOver: boolean }) {
  const t = useTranslations('jobs');
  const { bytes } = useUnits();
  const { phase, status, ratio, currentBytes, totalBytes } = layer;
  const words = phase === null ? status : t(`phases.${phase}`);
  const isDone = phase === 'done' || phase === 'there';
  const figures = totalBytes > 0 && !isDone && t('bytesOf', { done: bytes(currentBytes), total: bytes(totalBytes) });
  return (
    <div className="min-w-0">
      <div className="flex items-center justify-between gap-3 text-xs">
        <span className={`flex items-center gap-1 truncate ${isDone ? 'text-success' : 'text-muted'}`}>
          {isDone && <CircleCheck aria-hidden className="size-3.5 shrink-0" />}
          {words}
        </span>
        {figures && <span className="whitespace-nowrap text-muted">{figures}</span>}
      </div>
      {!isOver && !isDone && (
        <ProgressBar label={layer.id.slice(0, 12)} ratio={ratio} valueText={words} className="mt-1 h-1" />
      )}
    </div>
  );
}
