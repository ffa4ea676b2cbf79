import { useTranslations } from 'next-intl';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { CopyButton } from '@/components/ui/copy-button.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';

const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export function InspectTab({ inspect, fetchedAt }: { inspect: Record<string, unknown>; fetchedAt: number }) {
  const t = useTranslations('containers.inspect');
  const json = JSON.stringify(inspect, null, 2);
  return (
    <Card className="overflow-hidden">
      <CardHeader
        title={t('title')}
        description={t.rich('asOf', { ago: () => <TimeAgo at={fetchedAt} /> })}
        actions={<CopyButton text={json} label={t('copy')} />}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable for the keyboard. */}
      <pre tabIndex={0} className="max-h-[70dvh] overflow-auto p-4 text-[12px] leading-[19px] -outline-offset-2">
        <code>{coloured(json)}</code>
      </pre>
    </Card>
  );
}

function coloured(json: string): React.ReactNode[] {
  const parts: React.ReactNode[] = [];
  let from = 0;
  for (const match of json.matchAll(token)) {
    const [whole, quoted, colon] = match;
    parts.push(json.slice(from, match.index));
    const look = colon ? 'text-accent' : quoted ? 'text-success' : 'text-series-2';
    parts.push(
      <span key={match.index} className={look}>
        {whole}
      </span>,
    );
    from = match.index + whole.length;
  }
  parts.push(json.slice(from));
  return parts;
}
