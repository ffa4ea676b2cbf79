'use client';
import { Activity } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';
import { Banner } from '@/components/ui/banner.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { Skeleton } from '@/components/ui/skeleton.tsx';
import type { ActionResult } from '@/server/views.ts';

export interface ProcessList {
  titles: string[];
  processes: string[][];
}

interface ProcessesTabProps {
  hostId: string;
  containerId: string;
  running: boolean;
  offline: boolean;
  load: (hostId: string, containerId: string) => Promise<ActionResult<ProcessList>>;
}

const everyMs = 3000;

export function ProcessesTab({ hostId, containerId, running, offline, load }: ProcessesTabProps) {
  const t = useTranslations('processes');
  const [result, setResult] = useState<ActionResult<ProcessList> | null>(null);
  useEffect(() => {
    if (!running) return;
    let current = true;
    const read = async () => {
      const next = await load(hostId, containerId);
      if (current) setResult(next);
    };
    read();
    const timer = setInterval(read, everyMs);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [hostId, containerId, running, load]);
  if (!running) {
    return (
      <Card>
        <EmptyState icon={Activity} title={t(offline ? 'offline' : 'notRunning')} />
      </Card>
    );
  }
  return (
    <Card className="overflow-hidden">
      <CardHeader title={t('title')} description={t('hint')} />
      {result === null && (
        <div className="flex flex-col gap-2 p-4">
          <Skeleton className="h-5" />
          <Skeleton className="h-5 w-4/5" />
        </div>
      )}
      {result?.ok === false && (
        <Banner tone="danger" role="alert" className="m-4">
          {result.message}
        </Banner>
      )}
      {result?.ok && <ProcessTable {...result.value} />}
    </Card>
  );
}

function ProcessTable({ titles, processes }: ProcessList) {
  const pid = titles.indexOf('PID');
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-left text-sm">
        <thead>
          <tr className="border-line border-b bg-raised/60 text-muted text-xs">
            {titles.map((title) => (
              <th key={title} scope="col" className="whitespace-nowrap px-3 py-2 font-medium first:pl-4">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line font-mono">
          {processes.map((row) => (
            <tr key={row[pid] ?? row.join()}>
              {row.map((cell, index) => (
                <td
                  key={titles[index]}
                  className={
                    index === titles.length - 1
                      ? 'min-w-72 break-words px-3 py-1.5'
                      : 'whitespace-nowrap px-3 py-1.5 first:pl-4'
                  }
                >
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
