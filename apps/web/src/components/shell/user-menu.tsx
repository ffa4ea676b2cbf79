'use client';
import { CircleUserRound, LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { useLocale, useTranslations } from 'next-intl';
import { useState, useTransition } from 'react';
import { Menu, MenuChoice, MenuItem, MenuSeparator } from '@/components/ui/menu.tsx';
import type { Locale } from '@/i18n/locale.ts';
import type { Theme } from '@/i18n/theme.ts';

export interface UserMenuActions {
  chooseTheme: (theme: Theme) => Promise<void>;
  chooseLanguage: (locale: Locale) => Promise<void>;
  endSession: () => Promise<void>;
}

interface UserMenuProps {
  email: string;
  theme: Theme;
  actions: UserMenuActions;
  compact?: boolean;
}

export function UserMenu({ email, theme: savedTheme, actions, compact = false }: UserMenuProps) {
  const t = useTranslations('shell.user');
  const locale = useLocale();
  const [theme, setTheme] = useState(savedTheme);
  const [, startTransition] = useTransition();
  const pickTheme = (next: Theme) => {
    setTheme(next);
    document.documentElement.dataset.theme = next;
    startTransition(() => actions.chooseTheme(next));
  };
  return (
    <Menu
      side={compact ? 'bottom' : 'top'}
      align={compact ? 'end' : 'start'}
      trigger={
        <button
          type="button"
          aria-label={t('open', { email })}
          className="flex h-9 min-w-0 items-center gap-2 rounded-md px-2 text-left text-muted hover:bg-hover hover:text-ink"
        >
          <CircleUserRound aria-hidden className="size-5 shrink-0" />
          {!compact && <span className="truncate text-sm">{email}</span>}
        </button>
      }
    >
      {compact && <p className="truncate px-2 pt-1.5 pb-1 text-muted text-xs">{email}</p>}
      <MenuChoice
        label={t('theme')}
        value={theme}
        onChange={pickTheme}
        options={[
          { value: 'system', label: t('themes.system'), icon: Monitor },
          { value: 'light', label: t('themes.light'), icon: Sun },
          { value: 'dark', label: t('themes.dark'), icon: Moon },
        ]}
      />
      <MenuSeparator />
      <MenuChoice
        label={t('language')}
        value={locale}
        onChange={(next) => startTransition(() => actions.chooseLanguage(next))}
        options={[
          { value: 'en', label: 'English' },
          { value: 'pl', label: 'Polski' },
        ]}
      />
      <MenuSeparator />
      <MenuItem icon={LogOut} onClick={() => startTransition(() => actions.endSession())}>
        {t('signOut')}
      </MenuItem>
    </Menu>
  );
}
