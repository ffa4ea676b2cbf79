'use client';
import { Activity, Box, HardDrive, Layers, type LucideIcon, ScrollText, Server } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { classNames } from '@/components/ui/class-names.ts';

const places = [
  { key: 'hosts', href: '/hosts', icon: Server },
  { key: 'containers', href: '/containers', icon: Box },
  { key: 'images', href: '/images', icon: Layers },
  { key: 'volumes', href: '/volumes', icon: HardDrive },
  { key: 'events', href: '/events', icon: Activity },
  { key: 'audit', href: '/audit', icon: ScrollText },
] as const satisfies { key: string; href: string; icon: LucideIcon }[];

/** The page of a container, an image or a volume lies under its host, but a person came there by way of the list. */
function currentPlace(pathname: string): string | undefined {
  if (/^\/hosts\/[^/]+\/images\//.test(pathname)) return 'images';
  if (pathname.includes('/containers')) return 'containers';
  if (pathname.includes('/volumes')) return 'volumes';
  return places.find((place) => pathname.startsWith(place.href))?.key;
}

export function SideNavigation() {
  const t = useTranslations('shell');
  const current = currentPlace(usePathname());
  return (
    <nav aria-label={t('navigation')} className="flex flex-col gap-0.5">
      {places.map(({ key, href, icon: Icon }) => (
        <Link
          key={key}
          href={href}
          aria-current={current === key ? 'page' : undefined}
          className={classNames(
            'flex h-8.5 items-center gap-2.5 rounded-md px-2.5 font-medium text-muted transition-colors hover:bg-hover hover:text-ink',
            current === key && 'bg-accent-soft text-accent hover:bg-accent-soft hover:text-accent',
          )}
        >
          <Icon aria-hidden className="size-4.5" />
          {t(`places.${key}`)}
        </Link>
      ))}
    </nav>
  );
}

export function BottomNavigation() {
  const t = useTranslations('shell');
  const current = currentPlace(usePathname());
  return (
    <nav
      aria-label={t('navigation')}
      className="fixed inset-x-0 bottom-0 z-30 grid grid-cols-6 border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {places.map(({ key, href, icon: Icon }) => (
        <Link
          key={key}
          href={href}
          aria-current={current === key ? 'page' : undefined}
          className={classNames(
            'flex h-14 min-w-0 flex-col items-center justify-center gap-0.5 font-medium text-[0.625rem] text-muted leading-4 -outline-offset-2',
            current === key && 'text-accent',
          )}
        >
          <Icon aria-hidden className="size-5" />
          <span className="max-w-full truncate px-0.5">{t(`places.${key}`)}</span>
        </Link>
      ))}
    </nav>
  );
}
