import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import type { Theme } from '@/i18n/theme.ts';
import { LiveBadge } from './live-badge.tsx';
import { BottomNavigation, SideNavigation } from './navigation.tsx';
import { UserMenu, type UserMenuActions } from './user-menu.tsx';
import { Wordmark } from './wordmark.tsx';

interface ShellProps {
  email: string;
  theme: Theme;
  actions: UserMenuActions;
  children: ReactNode;
}

/** A side bar from tablets up, a bottom bar on phones; the page scrolls, the bars stay. */
export function Shell({ email, theme, actions, children }: ShellProps) {
  const t = useTranslations('shell');
  return (
    <div className="md:grid md:grid-cols-[13.5rem_1fr]">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-surface focus:px-3 focus:py-2 focus:shadow-popup"
      >
        {t('skip')}
      </a>
      <aside className="sticky top-0 hidden h-dvh flex-col gap-1 border-line border-r bg-surface px-3 py-4 md:flex">
        <div className="mb-5 px-2">
          <Wordmark />
        </div>
        <SideNavigation />
        <div className="mt-auto flex flex-col gap-2">
          <LiveBadge />
          <UserMenu email={email} theme={theme} actions={actions} />
        </div>
      </aside>
      <header className="sticky top-0 z-30 flex h-13 items-center justify-between border-line border-b bg-surface px-4 md:hidden">
        <Wordmark />
        <div className="flex items-center gap-2">
          <LiveBadge />
          <UserMenu email={email} theme={theme} actions={actions} compact />
        </div>
      </header>
      <main id="content" tabIndex={-1} className="min-w-0 px-4 pt-5 pb-24 outline-none sm:px-6 md:pb-10 lg:px-8">
        <div className="mx-auto max-w-[82rem]">{children}</div>
      </main>
      <BottomNavigation />
    </div>
  );
}
