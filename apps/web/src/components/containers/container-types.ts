import type { ActionResult, ContainerView } from '@/server/views.ts';

export type ContainerActionName = 'start' | 'stop' | 'restart' | 'kill' | 'pause' | 'unpause';
export type BulkActionName = 'start' | 'stop' | 'remove';

/** What a component needs to name a container to a person and to the server. */
export type ContainerTarget = Pick<ContainerView, 'hostId' | 'id' | 'name'>;

export interface ContainerMutations {
  act: (hostId: string, containerId: string, action: ContainerActionName) => Promise<ActionResult>;
  rename: (hostId: string, containerId: string, name: string) => Promise<ActionResult>;
  remove: (hostId: string, containerId: string, options: { force: boolean; volumes: boolean }) => Promise<ActionResult>;
}

export interface BulkOutcome {
  hostId: string;
  id: string;
  ok: boolean;
  message: string;
}

export function containerHref(container: { hostId: string; id: string }, tab?: string): string {
  return `/hosts/${container.hostId}/containers/${container.id}${tab ? `?tab=${tab}` : ''}`;
}
