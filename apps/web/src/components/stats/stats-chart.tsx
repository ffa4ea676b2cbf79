'use client';
import { type ReactNode, useMemo } from 'react';
import { toColumns } from '@/components/live/points.ts';
import { Skeleton } from '@/components/ui/skeleton.tsx';
import { TimeChart } from './time-chart.tsx';
import type { StatsPoint, StatsWindow } from './use-stats-points.ts';

interface StatsChartProps {
  title: string;
  window: StatsWindow;
  fields: { field: keyof StatsPoint; label: string }[];
  format: (value: number) => string;
  binary?: boolean;
  limit?: { value: number; label: string } | null;
}

export function StatsChart({ title, window, fields, format, binary = false, limit = null }: StatsChartProps) {
  const names = fields.map((entry) => entry.field).join();
  // The names stand for the fields, whose array is new at each render.
  const columns = useMemo(
    () =>
      toColumns(
        window.points,
        fields.map((entry) => entry.field),
        window.gapMs,
      ),
    [window.points, window.gapMs, names],
  );
  const series = fields.map((entry, index) => ({
    label: entry.label,
    color: index === 0 ? ('series-1' as const) : ('series-2' as const),
    values: columns.values[index] ?? [],
  }));
  if (window.loading) return <Skeleton className="h-44" />;
  return (
    <TimeChart
      title={title}
      times={columns.times}
      series={series}
      format={format}
      binary={binary}
      limit={limit}
      from={window.fromMs / 1000}
      to={window.toMs / 1000}
    />
  );
}

export function ChartGrid({ loading, children }: { loading: boolean; children: ReactNode }) {
  return (
    <div aria-busy={loading} className="grid grid-cols-1 gap-x-6 gap-y-5 p-4 lg:grid-cols-2">
      {children}
    </div>
  );
}
