import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ContainerView } from '../views.ts';
import { containersOf } from './view.ts';

export async function listContainers({ hostId }: { hostId?: string }): Promise<ContainerView[]> {
  await requireUser();
  return containersOf(server(), hostId);
}
