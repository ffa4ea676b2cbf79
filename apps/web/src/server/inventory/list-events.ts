import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { EventView } from '../views.ts';

const limitMax = 1000;

export async function listEvents(query: {
  hostId?: string;
  actorId?: string;
  limit: number;
  beforeSeq?: number;
}): Promise<EventView[]> {
  await requireUser();
  const { store } = server();
  return store.events.list({ ...query, limit: Math.min(query.limit, limitMax) }).map((event) => ({
    ...event,
    actorName: event.attributes.name ?? store.inventory.container(event.hostId, event.actorId)?.name ?? '',
  }));
}
