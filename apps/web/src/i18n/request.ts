import { cookies, headers } from 'next/headers';
import { getRequestConfig } from 'next-intl/server';
import en from '../../messages/en.json';
import pl from '../../messages/pl.json';
import { chooseLocale, localeCookie } from './locale.ts';

const catalogues = { en, pl };

export default getRequestConfig(async () => {
  const locale = chooseLocale((await cookies()).get(localeCookie)?.value, (await headers()).get('accept-language'));
  return { locale, messages: catalogues[locale], timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone };
});
