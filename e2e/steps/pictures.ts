import path from 'node:path';
import { expect, type Page } from '@playwright/test';

export const devices = { desktop: { width: 1440, height: 900 }, phone: { width: 375, height: 812 } };
export const looks = [
  { device: 'desktop', scheme: 'light', locale: 'en-GB' },
  { device: 'desktop', scheme: 'dark', locale: 'en-GB' },
  { device: 'phone', scheme: 'light', locale: 'en-GB' },
  { device: 'phone', scheme: 'dark', locale: 'en-GB' },
  // Polish words are the longer ones.
  { device: 'phone', scheme: 'light', locale: 'pl-PL' },
] as const;
export interface Look {
  device: keyof typeof devices;
  scheme: 'light' | 'dark';
  locale: string;
}

export function picturePath({ device, scheme, locale }: Look, name: string): string {
  return path.join(import.meta.dirname, '../screenshots', locale.slice(0, 2), scheme, device, `${name}.png`);
}

/** On a picture of a whole page a fixed bar would lie across its middle. */
export const barsAtTheirEnds = 'nav { position: static !important; }';

/** Names what sticks out, so that a failure tells what to mend. */
export async function expectNoSidewaysScroll(page: Page, name: string): Promise<void> {
  const sticksOut = await page.evaluate<string[]>(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const outside = (element) => element.getBoundingClientRect().right > clientWidth;
    return [...document.querySelectorAll('body *')].filter(outside).map((element) => element.outerHTML.slice(0, 200));
  })()`);
  expect(sticksOut, `${name} scrolls sideways`).toEqual([]);
}
