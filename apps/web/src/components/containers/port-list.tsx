import { useTranslations } from 'next-intl';
import { Badge } from '@/components/ui/badge.tsx';
import type { ContainerView } from '@/server/views.ts';

export function portText(port: ContainerView['ports'][number]): string {
  const inside = `${port.containerPort}/${port.protocol}`;
  if (port.hostPort === null) return inside;
  const address =
    port.hostAddress && port.hostAddress !== '0.0.0.0' && port.hostAddress !== '::' ? `${port.hostAddress}:` : '';
  return `${address}${port.hostPort} → ${inside}`;
}

/** An address for IPv4 and one for IPv6 is still one port to a person. */
export function PortList({ ports, max = 50 }: { ports: ContainerView['ports']; max?: number }) {
  const t = useTranslations('containers');
  const texts = [...new Set(ports.map(portText))];
  if (texts.length === 0) return <span className="text-faint">–</span>;
  return (
    <ul className="flex flex-wrap gap-1">
      {texts.slice(0, max).map((text) => (
        <li key={text}>
          <Badge className="font-mono text-2xs">{text}</Badge>
        </li>
      ))}
      {texts.length > max && (
        <li>
          <Badge title={texts.slice(max).join(', ')}>{t('more', { count: texts.length - max })}</Badge>
        </li>
      )}
    </ul>
  );
}
