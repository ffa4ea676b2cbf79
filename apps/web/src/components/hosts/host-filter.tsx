import { useTranslations } from 'next-intl';

interface HostFilterProps {
  hosts: readonly { id: string; name: string }[];
  /** Empty: all. */
  hostId: string;
  onChange: (hostId: string) => void;
}

/** Of a list across hosts; nothing to choose from with a single one. */
export function HostFilter({ hosts, hostId, onChange }: HostFilterProps) {
  const t = useTranslations('hosts');
  if (hosts.length < 2) return null;
  return (
    <select
      aria-label={t('filter')}
      value={hostId}
      onChange={(event) => onChange(event.target.value)}
      className="input w-auto max-w-full pr-7 shadow-card"
    >
      <option value="">{t('all')}</option>
      {hosts.map((host) => (
        <option key={host.id} value={host.id}>
          {host.name}
        </option>
      ))}
    </select>
  );
}
