'use client';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';
import { classNames } from './class-names.ts';

export interface LinkTab {
  key: string;
  label: string;
  href: string;
  icon?: ReactNode;
}

/** Tabs whose choice is the URL, so that a tab can be linked and the back button works. Arrow keys move as in any tab list. */
export function LinkTabs({
  label,
  tabs,
  current,
  panelId,
}: {
  label: string;
  tabs: LinkTab[];
  current: string;
  panelId: string;
}) {
  const router = useRouter();
  const list = useRef<HTMLDivElement>(null);
  // On a phone the chosen tab may lie outside of the strip.
  // Another tab is another place to scroll to.
  useEffect(() => {
    const strip = list.current;
    const chosen = strip?.querySelector<HTMLElement>('[aria-selected=true]');
    if (strip && chosen) strip.scrollLeft = chosen.offsetLeft - (strip.clientWidth - chosen.clientWidth) / 2;
  }, [current]);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = (tabs.findIndex((tab) => tab.key === current) + step + tabs.length) % tabs.length;
    const next = tabs[index];
    if (!next) return;
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[index]?.focus();
    router.push(next.href, { scroll: false });
  };
  return (
    <div
      ref={list}
      role="tablist"
      tabIndex={-1}
      aria-label={label}
      onKeyDown={move}
      className="relative -mx-4 flex overflow-x-auto border-line border-b px-4 [scrollbar-width:none] sm:mx-0 sm:px-0"
    >
      {tabs.map((tab) => (
        <Link
          key={tab.key}
          id={`tab-${tab.key}`}
          role="tab"
          href={tab.href}
          scroll={false}
          prefetch={false}
          aria-selected={tab.key === current}
          aria-controls={panelId}
          tabIndex={tab.key === current ? 0 : -1}
          className={classNames(
            '-mb-px flex h-10 items-center gap-1.5 whitespace-nowrap border-transparent border-b-2 px-3 font-medium text-muted -outline-offset-2 hover:text-ink',
            tab.key === current && 'border-accent text-ink',
          )}
        >
          {tab.icon && <span className={tab.key === current ? 'text-accent' : 'text-faint'}>{tab.icon}</span>}
          {tab.label}
        </Link>
      ))}
    </div>
  );
}
