'use client';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useRef } from 'react';
import { Button } from '@/components/ui/button.tsx';
import { classNames } from '@/components/ui/class-names.ts';
import { AnsiText } from './ansi-text.tsx';
import { type LogLine, plainText } from './log-lines.ts';

interface LogViewProps {
  lines: LogLine[];
  search: string;
  wrap: boolean;
  timestamps: boolean;
  follow: boolean;
  onFollow: (follow: boolean) => void;
}

const lineHeight = 19;
/** Nearer to the end than this counts as at the end. */
const endPx = 24;

/** Only the lines in view are in the document. Scrolling up stops following; scrolling to the end follows again. */
export function LogView({ lines, search, wrap, timestamps, follow, onFollow }: LogViewProps) {
  const t = useTranslations('logs');
  const frame = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => lineHeight,
    getItemKey: (index) => lines[index]?.id ?? index,
    overscan: 20,
  });
  const newest = lines.at(-1)?.id;

  // Every new line and every change of layout goes to the end again.
  useEffect(() => {
    const element = frame.current;
    if (!follow || !element) return;
    element.scrollTop = element.scrollHeight;
    // Lines are measured only once drawn, so the end moves after the first scroll.
    const later = requestAnimationFrame(() => {
      element.scrollTop = element.scrollHeight;
    });
    return () => cancelAnimationFrame(later);
  }, [follow, newest, wrap, timestamps]);

  const onScroll = () => {
    const element = frame.current;
    if (!element) return;
    const { scrollTop, scrollHeight, clientHeight } = element;
    const atEnd = scrollHeight - scrollTop - clientHeight < endPx;
    if (follow && !atEnd && scrollTop < lastTop.current - 4) onFollow(false);
    if (!follow && atEnd && scrollTop > lastTop.current) onFollow(true);
    lastTop.current = scrollTop;
  };

  return (
    <div className="relative">
      <div
        ref={frame}
        role="log"
        aria-label={t('title')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable for the keyboard.
        tabIndex={0}
        onScroll={onScroll}
        className="h-[60dvh] min-h-72 overflow-auto bg-terminal font-mono text-[12px] text-terminal-ink leading-[19px] -outline-offset-2 [color-scheme:dark]"
      >
        <div className="relative min-w-full" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            return (
              <div
                key={item.key}
                ref={rows.measureElement}
                data-index={item.index}
                className={classNames(
                  'absolute top-0 left-0 flex min-w-full gap-3 border-transparent border-l-2 pr-3 pl-2.5',
                  line.stream === 'stderr' && 'border-[#ff8a84]/70 bg-[#ff8a84]/8',
                  wrap && 'w-full',
                )}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {timestamps && line.time && (
                  <time className="shrink-0 select-none text-[#8591a1]">
                    {line.time.slice(0, 23).replace('T', ' ')}
                  </time>
                )}
                <span className={wrap ? 'min-w-0 whitespace-pre-wrap wrap-anywhere' : 'whitespace-pre'}>
                  {line.stream === 'stderr' && <span className="sr-only">stderr: </span>}
                  {search ? <Highlighted text={plainText(line.text)} search={search} /> : <AnsiText text={line.text} />}
                  {line.text === '' && '\u00a0'}
                </span>
              </div>
            );
          })}
        </div>
      </div>
      {!follow && (
        <Button size="sm" className="absolute right-4 bottom-4 shadow-popup" onClick={() => onFollow(true)}>
          <ArrowDown aria-hidden />
          {t('toEnd')}
        </Button>
      )}
    </div>
  );
}

function Highlighted({ text, search }: { text: string; search: string }) {
  const parts: React.ReactNode[] = [];
  const lower = text.toLowerCase();
  const wanted = search.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    parts.push(
      text.slice(from, at),
      <mark key={at} className="rounded-xs bg-[#f2b84b] text-[#12161d]">
        {text.slice(at, at + wanted.length)}
      </mark>,
    );
    from = at + wanted.length;
  }
  parts.push(text.slice(from));
  return parts;
}
