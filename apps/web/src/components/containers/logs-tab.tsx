'use client';
import { ArrowDownToLine, Clock, Download, FileText, RotateCw, Search, WrapText } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useDeferredValue, useState } from 'react';
import { Banner } from '@/components/ui/banner.tsx';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { Card } from '@/components/ui/card.tsx';
import { classNames } from '@/components/ui/class-names.ts';
import { filterLines, type LogFilter } from './log-lines.ts';
import { LogView } from './log-view.tsx';
import { useLogStream } from './use-log-stream.ts';

const tails = [200, 1000, 5000] as const;

interface LogsTabProps {
  hostId: string;
  containerId: string;
  /** A started container has a new stream to follow. */
  startedAt: number | null;
  offline: boolean;
}

export function LogsTab({ hostId, containerId, startedAt, offline }: LogsTabProps) {
  const t = useTranslations('logs');
  const [tail, setTail] = useState<number>(1000);
  const [filter, setFilter] = useState<LogFilter>({ search: '', stream: 'all' });
  const [wrap, setWrap] = useState(true);
  const [timestamps, setTimestamps] = useState(false);
  const [follow, setFollow] = useState(true);
  const [again, setAgain] = useState(0);
  const base = `/api/hosts/${hostId}/containers/${containerId}/logs`;
  const { lines, status, message } = useLogStream(
    `${base}?tail=${tail}&follow=1&timestamps=1`,
    (startedAt ?? 0) + again,
  );
  const shown = useDeferredValue(filterLines(lines, filter));

  const empty =
    lines.length === 0 ? t(status === 'loading' ? 'loading' : 'empty') : shown.length === 0 ? t('noMatch') : null;
  return (
    <Card className="flex flex-col overflow-hidden">
      <div className="flex flex-wrap items-center gap-1.5 border-line border-b px-3 py-2">
        <div className="relative w-full sm:w-60">
          <Search
            aria-hidden
            className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-faint"
          />
          <input
            type="search"
            aria-label={t('search')}
            placeholder={t('search')}
            value={filter.search}
            onChange={(event) => setFilter({ ...filter, search: event.target.value })}
            className="input h-7.5 pl-8.5"
          />
        </div>
        <select
          aria-label={t('stream')}
          value={filter.stream}
          onChange={(event) => setFilter({ ...filter, stream: readStream(event.target.value) })}
          className="input h-7.5 w-auto pr-7"
        >
          <option value="all">{t('streams.all')}</option>
          <option value="stdout">stdout</option>
          <option value="stderr">stderr</option>
        </select>
        <select
          aria-label={t('tail')}
          value={tail}
          onChange={(event) => setTail(Number(event.target.value))}
          className="input h-7.5 w-auto pr-7"
        >
          {tails.map((count) => (
            <option key={count} value={count}>
              {t('tailLines', { count })}
            </option>
          ))}
        </select>
        <span className="mr-auto px-1 text-faint text-xs">{t('count', { count: shown.length })}</span>
        <Toggle
          pressed={follow}
          onPress={() => setFollow(!follow)}
          label={t('follow')}
          icon={<ArrowDownToLine aria-hidden />}
        />
        <Toggle pressed={wrap} onPress={() => setWrap(!wrap)} label={t('wrap')} icon={<WrapText aria-hidden />} />
        <Toggle
          pressed={timestamps}
          onPress={() => setTimestamps(!timestamps)}
          label={t('timestamps')}
          icon={<Clock aria-hidden />}
        />
        <a
          href={`${base}?tail=all&timestamps=1&download=1`}
          download={`${containerId.slice(0, 12)}.ndjson`}
          className={buttonClass({ variant: 'ghost', size: 'sm' })}
        >
          <Download aria-hidden />
          <span className="max-sm:sr-only">{t('download')}</span>
        </a>
      </div>
      {status === 'failed' && (
        <Banner
          tone="danger"
          role="alert"
          className="m-3"
          title={t(offline ? 'offline' : 'failed')}
          action={
            <Button size="sm" onClick={() => setAgain(again + 1)}>
              <RotateCw aria-hidden />
              {t('retry')}
            </Button>
          }
        >
          {message}
        </Banner>
      )}
      {empty ? (
        <div
          role="log"
          aria-label={t('title')}
          className="flex min-h-72 flex-col items-center justify-center gap-2 text-muted"
        >
          <FileText aria-hidden className="size-6 text-faint" />
          {status !== 'failed' && empty}
        </div>
      ) : (
        <LogView lines={shown} search={filter.search} {...{ wrap, timestamps, follow }} onFollow={setFollow} />
      )}
      {status === 'ended' && lines.length > 0 && (
        <p className="border-line border-t px-4 py-1.5 text-faint text-xs">{t('ended')}</p>
      )}
    </Card>
  );
}

function readStream(value: string): LogFilter['stream'] {
  return value === 'stdout' || value === 'stderr' ? value : 'all';
}

function Toggle({
  pressed,
  onPress,
  label,
  icon,
}: {
  pressed: boolean;
  onPress: () => void;
  label: string;
  icon: React.ReactNode;
}) {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      onClick={onPress}
      title={label}
      className={buttonClass({
        variant: 'ghost',
        size: 'sm',
        className: classNames(pressed && 'bg-accent-soft text-accent hover:bg-accent-soft hover:text-accent'),
      })}
    >
      {icon}
      <span className="max-lg:sr-only">{label}</span>
    </button>
  );
}
