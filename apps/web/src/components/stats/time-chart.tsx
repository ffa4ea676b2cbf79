'use client';
import { useTranslations } from 'next-intl';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { classNames } from '@/components/ui/class-names.ts';

export interface ChartSeries {
  label: string;
  color: 'series-1' | 'series-2';
  values: (number | null)[];
}

interface TimeChartProps {
  title: string;
  times: number[];
  series: ChartSeries[];
  format: (value: number) => string;
  /** Powers of 1024 make round ticks for bytes. */
  binary?: boolean;
  /** Drawn as a dashed line; null means there is none. */
  limit?: { value: number; label: string } | null;
  /** What the time axis spans, Unix seconds. */
  from: number;
  to: number;
  height?: number;
}

const binaryTicks = Array.from({ length: 50 }, (_, power) => 2 ** power);

/** uPlot draws; what it shows is also said in text: the newest value, or the one under the pointer. */
export function TimeChart({
  title,
  times,
  series,
  format,
  binary = false,
  limit = null,
  from,
  to,
  height = 150,
}: TimeChartProps) {
  const t = useTranslations('charts');
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const range = useRef({ from, to, limit: limit?.value ?? null });
  const formatValue = useRef(format);
  const [cursor, setCursor] = useState<number | null>(null);
  const [themeCount, setThemeCount] = useState(0);
  const shape = `${series.map((entry) => entry.color).join()}|${binary}|${height}|${themeCount}`;

  useEffect(() => onThemeChange(() => setThemeCount((count) => count + 1)), []);

  // The plot is made once for a shape; values arrive by setData below.
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const options = plotOptions({ element, series, binary, height, range, formatValue, onCursor: setCursor });
    const made = new uPlot(options, [times, ...series.map((entry) => entry.values)], element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => {
    formatValue.current = format;
    range.current = { from, to, limit: limit?.value ?? null };
    plot.current?.setData([times, ...series.map((entry) => entry.values)]);
  }, [times, series, format, from, to, limit?.value]);

  const index = cursor ?? times.length - 1;
  const valueText = (entry: ChartSeries) => {
    const value = entry.values[index];
    return value === null || value === undefined ? '–' : format(value);
  };
  const when = cursor !== null && times[cursor] !== undefined ? new Date(times[cursor] * 1000) : null;
  return (
    <figure className="min-w-0">
      <figcaption className="mb-1 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 px-1">
        <span className="font-medium text-sm">{title}</span>
        <span className="flex flex-wrap items-baseline gap-x-3 text-sm">
          {when && (
            <span className="text-faint text-xs">
              {when.toLocaleString(undefined, {
                dateStyle: to - from > 86_400 ? 'short' : undefined,
                timeStyle: 'medium',
                hourCycle: 'h23',
              })}
            </span>
          )}
          {series.map((entry) => (
            <span key={entry.label} className="flex items-baseline gap-1.5">
              <span
                aria-hidden
                className={classNames(
                  'h-0.5 w-3 self-center rounded-full',
                  entry.color === 'series-1' ? 'bg-series-1' : 'bg-series-2',
                )}
              />
              {series.length > 1 && <span className="text-muted">{entry.label}</span>}
              <span className="font-medium">{valueText(entry)}</span>
            </span>
          ))}
          {limit && <span className="text-muted text-xs">{limit.label}</span>}
        </span>
      </figcaption>
      <div className="relative">
        <div ref={frame} className="min-w-0 overflow-hidden" style={{ height }} />
        {times.length === 0 && (
          <p className="absolute inset-0 flex items-center justify-center text-faint text-sm">{t('noSamples')}</p>
        )}
      </div>
    </figure>
  );
}

interface PlotOptions {
  element: HTMLElement;
  series: ChartSeries[];
  binary: boolean;
  height: number;
  range: { current: { from: number; to: number; limit: number | null } };
  formatValue: { current: (value: number) => string };
  onCursor: (index: number | null) => void;
}

function plotOptions({ element, series, binary, height, range, formatValue, onCursor }: PlotOptions): uPlot.Options {
  const color = (token: string) => tokenColor(element, token);
  const faint = color('faint');
  const grid = { stroke: color('grid'), width: 1 };
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  const ticks = { show: false };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    padding: [6, 22, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { range: () => [range.current.from, range.current.to] },
      y: { range: (_, __, max) => [0, niceTop(max, range.current.limit)] },
    },
    axes: [
      { stroke: faint, grid: { show: false }, ticks, font, size: 24, space: 70, values: timeLabels },
      {
        stroke: faint,
        grid,
        ticks,
        font,
        size: 62,
        space: 32,
        ...(binary ? { incrs: binaryTicks } : {}),
        values: (_, splits) => splits.map((value) => formatValue.current(value)),
      },
    ],
    series: [
      {},
      ...series.map((entry, index) => ({
        stroke: color(entry.color),
        width: 1.5,
        points: { show: false },
        ...(index === 0 ? { fill: withAlpha(color(entry.color), 0.1) } : {}),
      })),
    ],
    hooks: {
      setCursor: [(self) => onCursor(self.cursor.idx ?? null)],
      draw: [(self) => drawLimit(self, range.current.limit, color('danger'))],
    },
  };
}

/** The limit is in view when the values come near it; a limit far above would flatten the line to nothing. */
function niceTop(max: number | null, limit: number | null): number {
  const top = (max ?? 0) > 0 ? (max ?? 0) * 1.15 : 1e-9;
  if (limit !== null && limit > 0 && top * 3 >= limit) return Math.max(top, limit * 1.08);
  return top > 1e-9 ? top : 1;
}

function drawLimit(plot: uPlot, limit: number | null, stroke: string): void {
  const top = plot.scales.y?.max;
  if (limit === null || limit <= 0 || top === undefined || limit > top) return;
  const y = Math.round(plot.valToPos(limit, 'y', true)) + 0.5;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

function timeLabels(_: uPlot, splits: number[]): string[] {
  const span = (splits.at(-1) ?? 0) - (splits[0] ?? 0);
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  const options: Intl.DateTimeFormatOptions =
    span > 2 * 86_400
      ? { day: 'numeric', month: 'short' }
      : {
          hour: '2-digit',
          minute: '2-digit',
          hourCycle: 'h23',
          ...(step > 0 && step < 60 ? { second: '2-digit' } : {}),
        };
  const format = new Intl.DateTimeFormat(document.documentElement.lang, options);
  return splits.map((seconds) => format.format(seconds * 1000));
}

/** A canvas cannot read `light-dark()`: the browser resolves the token on a real element first. */
function tokenColor(element: HTMLElement, token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(--color-${token})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function withAlpha(rgb: string, alpha: number): string {
  return rgb.replace(/^rgb\((.+)\)$/, `rgba($1, ${alpha})`);
}

function onThemeChange(listener: () => void): () => void {
  const media = matchMedia('(prefers-color-scheme: dark)');
  const observer = new MutationObserver(listener);
  media.addEventListener('change', listener);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => {
    media.removeEventListener('change', listener);
    observer.disconnect();
  };
}
