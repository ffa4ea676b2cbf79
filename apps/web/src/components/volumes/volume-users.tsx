import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { containerHref } from '@/components/containers/container-types.ts';
import type { VolumeView } from '@/server/views.ts';

/** The first few containers as links, and how many more. */
export function VolumeUsers({ volume, max }: { volume: Pick<VolumeView, 'hostId' | 'users'>; max: number }) {
  const t = useTranslations('volumes');
  const { hostId, users } = volume;
  if (users.length === 0) return <span className="text-faint">{t('nobody')}</span>;
  return (
    <span className="block min-w-0">
      {users.slice(0, max).map((user) => (
        <Link
          key={user.id}
          href={containerHref({ hostId, id: user.id })}
          className="block truncate hover:text-accent hover:underline"
        >
          {user.name}
        </Link>
      ))}
      {users.length > max && (
        <span className="text-muted text-xs">{t('moreUsers', { count: users.length - max })}</span>
      )}
    </span>
  );
}
