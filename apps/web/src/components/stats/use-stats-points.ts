'use client';
import type { LiveMessage } from '@berth/shared/live/live';
import type { ContainerStats, HostStats } from '@berth/shared/protocol/stats-fields';
import { useEffect, useState } from 'react';
import { useLiveTopic } from '@/components/live/live-provider.tsx';
import { mergePoints } from '@/components/live/points.ts';
import type { HistoryView } from '@/server/views.ts';

export type StatsPoint = { timeMs: number } & Partial<ContainerStats & HostStats>;

export const ranges = { '10m': 600, '1h': 3_600, '24h': 86_400, '7d': 604_800 } as const;
export type Range = keyof typeof ranges;

export interface StatsWindow {
  points: StatsPoint[];
  /** Longer than this between two points is a hole. */
  gapMs: number;
  fromMs: number;
  toMs: number;
  loading: boolean;
  failed: boolean;
}

const historyEveryMs = 30_000;
/** What a young container has to show fills the chart; it grows from here to ten minutes. */
const liveSpanMsMin = 60_000;

interface StatsSource {
  topic: string;
  loadHistory: (fromMs: number, toMs: number) => Promise<HistoryView>;
}

/** The newest ten minutes come by the second over the live connection; longer ranges are read from the stored history. */
export function useStatsPoints({ topic, loadHistory }: StatsSource, range: Range): StatsWindow {
  const live = useLivePoints(topic);
  const history = useHistory(loadHistory, range);
  if (range !== '10m') return history;
  const toMs = Math.max(live.at(-1)?.timeMs ?? 0, Math.floor(Date.now() / 1000) * 1000 - 3_000);
  const known = live[0] ? toMs - live[0].timeMs : Number.POSITIVE_INFINITY;
  const spanMs = Math.min(ranges['10m'] * 1000, Math.max(liveSpanMsMin, known));
  return { points: live, gapMs: 5_000, fromMs: toMs - spanMs, toMs, loading: false, failed: false };
}

function useLivePoints(topic: string): StatsPoint[] {
  const [points, setPoints] = useState<StatsPoint[]>([]);
  useLiveTopic(topic, (message) => {
    const incoming = pointsOf(message, topic);
    if (!incoming) return;
    setPoints((kept) => mergePoints(kept, incoming, Date.now() - ranges['10m'] * 1000));
  });
  return points;
}

function pointsOf(message: LiveMessage, topic: string): StatsPoint[] | null {
  if (message.type === 'container' && topic === `container:${message.hostId}/${message.containerId}`)
    return message.points;
  if (message.type === 'host' && topic === `host:${message.hostId}`) return message.points;
  return null;
}

function useHistory(loadHistory: StatsSource['loadHistory'], range: Range): StatsWindow {
  const [state, setState] = useState<StatsWindow & { range: Range }>(() => empty('10m'));
  useEffect(() => {
    if (range === '10m') return;
    let current = true;
    const load = async () => {
      const toMs = Date.now();
      const fromMs = toMs - ranges[range] * 1000;
      try {
        const { points, stepSeconds } = await loadHistory(fromMs, toMs);
        if (current)
          setState({ range, points, gapMs: stepSeconds * 2500, fromMs, toMs, loading: false, failed: false });
      } catch {
        if (current) setState({ ...empty(range), loading: false, failed: true });
      }
    };
    load();
    const timer = setInterval(load, historyEveryMs);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [loadHistory, range]);
  return state.range === range ? state : empty(range);
}

function empty(range: Range): StatsWindow & { range: Range } {
  const toMs = Date.now();
  return { range, points: [], gapMs: 0, fromMs: toMs - ranges[range] * 1000, toMs, loading: true, failed: false };
}
