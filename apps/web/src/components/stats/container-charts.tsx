'use client';
import { useTranslations } from 'next-intl';
import { useCallback, useState } from 'react';
import { Banner } from '@/components/ui/banner.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import type { HistoryView } from '@/server/views.ts';
import { RangePicker } from './range-picker.tsx';
import { ChartGrid, StatsChart } from './stats-chart.tsx';
import { type Range, useStatsPoints } from './use-stats-points.ts';
import { useUnits } from './use-units.ts';

export interface ContainerChartsProps {
  hostId: string;
  containerId: string;
  limits: { memoryBytes: number; cpuCores: number; pids: number };
  loadHistory: (hostId: string, containerId: string, fromMs: number, toMs: number) => Promise<HistoryView>;
  /** The overview shows the first two alone. */
  brief?: boolean;
}

export function ContainerCharts({ hostId, containerId, limits, loadHistory, brief = false }: ContainerChartsProps) {
  const t = useTranslations('charts');
  const { bytes, rate, cores, count, percent } = useUnits();
  const [range, setRange] = useState<Range>('10m');
  const load = useCallback(
    (fromMs: number, toMs: number) => loadHistory(hostId, containerId, fromMs, toMs),
    [hostId, containerId, loadHistory],
  );
  const window = useStatsPoints({ topic: `container:${hostId}/${containerId}`, loadHistory: load }, range);
  const limit = (value: number, format: (value: number) => string) =>
    value > 0 ? { value, label: t('limit', { value: format(value) }) } : null;
  return (
    <Card>
      <CardHeader
        title={t('title')}
        description={t(range === '10m' ? 'liveHint' : 'historyHint')}
        actions={<RangePicker value={range} onChange={setRange} />}
      />
      {window.failed && (
        <Banner tone="danger" role="alert" className="m-4">
          {t('historyFailed')}
        </Banner>
      )}
      <ChartGrid loading={window.loading}>
        <StatsChart
          title={t('cpu')}
          window={window}
          fields={[{ field: 'cpuCores', label: t('cpu') }]}
          format={cores}
          limit={limit(limits.cpuCores, cores)}
        />
        <StatsChart
          title={t('memory')}
          window={window}
          fields={[{ field: 'memoryBytes', label: t('memory') }]}
          format={bytes}
          binary
          limit={limit(limits.memoryBytes, bytes)}
        />
        {!brief && (
          <>
            <StatsChart
              title={t('network')}
              window={window}
              fields={[
                { field: 'rxBytesPerSecond', label: t('received') },
                { field: 'txBytesPerSecond', label: t('sent') },
              ]}
              format={rate}
              binary
            />
            <StatsChart
              title={t('disk')}
              window={window}
              fields={[
                { field: 'readBytesPerSecond', label: t('read') },
                { field: 'writeBytesPerSecond', label: t('written') },
              ]}
              format={rate}
              binary
            />
            <StatsChart
              title={t('processes')}
              window={window}
              fields={[{ field: 'pids', label: t('processes') }]}
              format={count}
              limit={limit(limits.pids, count)}
            />
            <StatsChart
              title={t('throttled')}
              window={window}
              fields={[{ field: 'cpuThrottledRatio', label: t('throttled') }]}
              format={percent}
            />
          </>
        )}
      </ChartGrid>
    </Card>
  );
}
