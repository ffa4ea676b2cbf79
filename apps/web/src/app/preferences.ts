'use server';
import { cookies } from 'next/headers';
import { type Locale, localeCookie, locales } from '@/i18n/locale.ts';
import { parseTheme, type Theme, themeCookie } from '@/i18n/theme.ts';

const forAYear = { maxAge: 31_536_000, path: '/', sameSite: 'lax' } as const;

export async function chooseTheme(theme: Theme): Promise<void> {
  (await cookies()).set(themeCookie, parseTheme(theme), forAYear);
}

export async function chooseLanguage(locale: Locale): Promise<void> {
  if (locales.includes(locale)) (await cookies()).set(localeCookie, locale, forAYear);
}
