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

interface HostChartsProps {
  hostId: string;
  cpuCount: number;
  memoryBytes: number;
  loadHistory: (hostId: string, fromMs: number, toMs: number) => Promise<HistoryView>;
}

export function HostCharts({ hostId, cpuCount, memoryBytes, loadHistory }: HostChartsProps) {
  const t = useTranslations('charts');
  const { bytes, rate, cores } = useUnits();
  const [range, setRange] = useState<Range>('10m');
  const load = useCallback((fromMs: number, toMs: number) => loadHistory(hostId, fromMs, toMs), [hostId, loadHistory]);
  const window = useStatsPoints({ topic: `host:${hostId}`, loadHistory: load }, range);
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
          limit={{ value: cpuCount, label: t('of', { value: cores(cpuCount) }) }}
        />
        <StatsChart
          title={t('memory')}
          window={window}
          fields={[{ field: 'memoryBytes', label: t('memory') }]}
          format={bytes}
          binary
          limit={{ value: memoryBytes, label: t('of', { value: bytes(memoryBytes) }) }}
        />
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
          title={t('diskSpace')}
          window={window}
          fields={[{ field: 'diskUsedBytes', label: t('diskSpace') }]}
          format={bytes}
          binary
        />
      </ChartGrid>
    </Card>
  );
}
