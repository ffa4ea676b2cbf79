import { CircleCheck, CircleX, ScrollText } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { Badge } from '@/components/ui/badge.tsx';
import { buttonClass } from '@/components/ui/button.tsx';
import { Card } from '@/components/ui/card.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { PageHeader } from '@/components/ui/page-header.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import { VisibleText } from '@/components/ui/visible-text.tsx';
import { listAudit } from '@/server/inventory/list-audit.ts';
import { listHosts } from '@/server/inventory/list-hosts.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('audit'))('title') };
}

const entriesShown = 100;

export default async function AuditPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const t = await getTranslations('audit');
  const before = Number((await searchParams).before);
  const [entries, hosts] = await Promise.all([
    listAudit({ limit: entriesShown, ...(before > 0 && { beforeId: before }) }),
    listHosts(),
  ]);
  const hostNames = new Map(hosts.map(({ id, name }) => [id, name]));
  const last = entries.at(-1);
  // A newer agent or an older entry may name an action that has no words here.
  const words = (action: string) => {
    const key = `actions.${action}` as 'actions.start';
    return t.has(key) ? t(key) : action;
  };
  return (
    <>
      <PageHeader title={t('title')} description={t('text')} />
      <Card className="overflow-hidden">
        {entries.length === 0 ? (
          <EmptyState icon={ScrollText} title={t('empty')}>
            {t('emptyText')}
          </EmptyState>
        ) : (
          <table className="w-full table-fixed text-left sm:table-auto">
            <thead>
              <tr className="border-line border-b bg-raised/60 text-muted text-xs">
                <th scope="col" className="hidden py-2.5 pr-3 pl-4 font-medium sm:table-cell">
                  {t('columns.when')}
                </th>
                <th scope="col" className="hidden px-3 font-medium sm:table-cell sm:min-w-40">
                  {t('columns.who')}
                </th>
                <th scope="col" className="px-4 py-2.5 font-medium sm:min-w-48 sm:px-3">
                  {t('columns.what')}
                </th>
                <th scope="col" className="hidden px-3 font-medium lg:table-cell">
                  {t('columns.host')}
                </th>
                <th scope="col" className="px-3 font-medium">
                  {t('columns.result')}
                </th>
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {entries.map((entry) => (
                <tr key={entry.id} className="align-top">
                  <td className="hidden whitespace-nowrap py-2.5 pr-3 pl-4 text-muted text-sm sm:table-cell">
                    <TimeAgo at={entry.at} />
                  </td>
                  <td className="hidden px-3 py-2.5 text-sm [overflow-wrap:anywhere] sm:table-cell">
                    {entry.userEmail}
                  </td>
                  <td className="px-4 py-2.5 sm:px-3">
                    <span className="font-medium">{words(entry.action)}</span>
                    {(entry.targetName ?? entry.targetId) && (
                      <span className="block break-all text-muted text-sm">
                        <VisibleText text={entry.targetName ?? entry.targetId?.slice(0, 12) ?? ''} />
                      </span>
                    )}
                    <span className="block text-faint text-xs [overflow-wrap:anywhere] sm:hidden">
                      {entry.userEmail}, <TimeAgo at={entry.at} />
                    </span>
                  </td>
                  <td className="hidden px-3 py-2.5 text-sm lg:table-cell">
                    {entry.hostId ? (hostNames.get(entry.hostId) ?? entry.hostId) : '–'}
                  </td>
                  <td className="px-3 py-2.5">
                    <Badge
                      tone={entry.result === 'ok' ? 'success' : 'danger'}
                      icon={entry.result === 'ok' ? CircleCheck : CircleX}
                    >
                      {t(`results.${entry.result}`)}
                    </Badge>
                    {entry.message && (
                      <span className="mt-0.5 block text-muted text-xs [overflow-wrap:anywhere]">
                        <VisibleText text={entry.message} />
                      </span>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Card>
      {last && entries.length === entriesShown && (
        <div className="mt-3 flex justify-center">
          <Link href={`/audit?before=${last.id}`} className={buttonClass()}>
            {t('older')}
          </Link>
        </div>
      )}
    </>
  );
}
