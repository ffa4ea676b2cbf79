import { useTranslations } from 'next-intl';
import { SelectField } from '@/components/ui/field.tsx';
import type { HostChoice } from './image-types.ts';

interface HostSelectProps {
  hosts: HostChoice[];
  value: string;
  onChange: (hostId: string) => void;
  className?: string;
}

/** Which host; with one there is nothing to choose. */
export function HostSelect({ hosts, value, onChange, className }: HostSelectProps) {
  const t = useTranslations('images');
  if (hosts.length <= 1) return null;
  return (
    <SelectField
      label={t('columns.host')}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className={className}
    >
      {hosts.map(({ id, name, state }) => (
        <option key={id} value={id} disabled={state === 'offline'}>
          {state === 'offline' ? t('hostOfflineOption', { name }) : name}
        </option>
      ))}
    </SelectField>
  );
}

/** The wanted one, or the first that can do something. */
export function firstHost(hosts: readonly HostChoice[], wanted = ''): string {
  const usable = hosts.filter(({ state }) => state === 'online');
  return (usable.find(({ id }) => id === wanted) ?? usable[0])?.id ?? '';
}
