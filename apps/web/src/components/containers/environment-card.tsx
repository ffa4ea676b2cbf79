'use client';
import { Eye, EyeOff } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Button } from '@/components/ui/button.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { looksSecret } from './inspect.ts';

/** Values whose name sounds secret stay covered until someone asks for them. */
export function EnvironmentCard({ env }: { env: string[] }) {
  const t = useTranslations('containers.overview');
  const [shown, setShown] = useState(false);
  const entries = env.map((entry) => {
    const at = entry.indexOf('=');
    return at < 0 ? { name: entry, value: '' } : { name: entry.slice(0, at), value: entry.slice(at + 1) };
  });
  const hasSecrets = entries.some((entry) => looksSecret(entry.name));
  return (
    <Card>
      <CardHeader
        title={t('environment')}
        actions={
          hasSecrets && (
            <Button size="sm" variant="ghost" aria-pressed={shown} onClick={() => setShown(!shown)}>
              {shown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
              {t(shown ? 'hideValues' : 'showValues')}
            </Button>
          )
        }
      />
      {entries.length === 0 ? (
        <p className="px-4 py-3 text-muted text-sm">{t('noEnvironment')}</p>
      ) : (
        <dl className="divide-y divide-line font-mono text-sm">
          {entries.map(({ name, value }) => (
            <div key={name} className="grid gap-x-3 px-4 py-1.5 sm:grid-cols-[minmax(7rem,13rem)_1fr]">
              <dt className="break-all text-muted">{name}</dt>
              <dd className="min-w-0 break-all">
                {looksSecret(name) && !shown ? <Hidden label={t('hidden')} /> : value}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}

function Hidden({ label }: { label: string }) {
  return (
    <>
      <span aria-hidden>••••••••</span>
      <span className="sr-only">{label}</span>
    </>
  );
}
