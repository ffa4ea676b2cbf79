import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';
import { volumeOf } from './volume-of.ts';

/** A volume with a million files takes a while to delete. */
export const removeVolumeMs = 15 * 60_000;

/** Refused by the host while a container has it. */
export async function removeVolume(hostId: string, name: string): Promise<ActionResult> {
  const user = await requireUser();
  const { agents } = server();
  const subject = { action: 'remove-volume', hostId, targetId: name, targetName: name };
  return await audited(user, subject, async () => {
    const volume = volumeOf(hostId, name);
    await agents.requestJson(hostId, {
      method: 'DELETE',
      path: `/volumes/${encodeURIComponent(volume.name)}`,
      signal: AbortSignal.timeout(removeVolumeMs),
    });
    await agents.refreshVolumes(hostId).catch(() => {});
    return null;
  });
}
