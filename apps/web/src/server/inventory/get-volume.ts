import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { VolumeView } from '../views.ts';
import { volumeViews } from './volume-view.ts';

export async function getVolume(hostId: string, name: string): Promise<VolumeView | null> {
  await requireUser();
  const record = server().store.volumes.get(hostId, name);
  return record ? (volumeViews(server(), [record], hostId)[0] ?? null) : null;
}
