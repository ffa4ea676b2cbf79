export const locales = ['en', 'pl'] as const;
export type Locale = (typeof locales)[number];
export const defaultLocale: Locale = 'en';
export const localeCookie = 'berth-locale';

/** The cookie first, then the browser's own order of languages. */
export function chooseLocale(cookie: string | undefined, acceptLanguage: string | null): Locale {
  const wanted = [cookie, ...(acceptLanguage ?? '').split(',').map((entry) => entry.split(';')[0]?.trim().slice(0, 2))];
  for (const entry of wanted) {
    const found = locales.find((locale) => locale === entry?.toLowerCase());
    if (found) return found;
  }
  return defaultLocale;
}
