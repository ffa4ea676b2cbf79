import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { VolumeView } from '../views.ts';
import { volumeViews } from './volume-view.ts';

export async function listVolumes({ hostId }: { hostId?: string }): Promise<VolumeView[]> {
  await requireUser();
  return volumeViews(server(), server().store.volumes.list(hostId), hostId);
}
