import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { EventList } from '@/components/hosts/event-list.tsx';
import { Card } from '@/components/ui/card.tsx';
import { PageHeader } from '@/components/ui/page-header.tsx';
import { listEvents } from '@/server/inventory/list-events.ts';
import { listHosts } from '@/server/inventory/list-hosts.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('events'))('title') };
}

const eventsShown = 200;

export default async function EventsPage() {
  const t = await getTranslations('events');
  const [events, hosts] = await Promise.all([listEvents({ limit: eventsShown }), listHosts()]);
  return (
    <>
      <PageHeader title={t('title')} description={t('text')} />
      <Card>
        <EventList events={events} hostNames={Object.fromEntries(hosts.map(({ id, name }) => [id, name]))} />
      </Card>
    </>
  );
}
