import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';

const createVolumeInput = z.object({
  /** null: the host makes one up. */
  name: z.string().max(255).nullable(),
  labels: z.record(z.string().min(1).max(1024), z.string().max(65_536)),
  options: z.record(z.string().max(64), z.string().max(4096)),
});
export type CreateVolumeInput = z.infer<typeof createVolumeInput>;

const answer = z.object({ Name: z.string() });

/** @returns the volume's name */
export async function createVolume(hostId: string, input: CreateVolumeInput): Promise<ActionResult<string>> {
  const user = await requireUser();
  const parsed = createVolumeInput.safeParse(input);
  if (!parsed.success) return { ok: false, kind: 'invalid-parameter', message: 'The form holds what no volume takes.' };
  const { name, labels, options } = parsed.data;
  const { agents, store } = server();
  const subject = { action: 'create-volume', hostId, targetId: name, targetName: name };
  return await audited(user, subject, async () => {
    if (!store.hosts.get(hostId)) throw new EngineError('not-found', 'This host is not there any more.');
    // The engine gives the one that is there, which would look as if it had been made.
    if (name !== null && store.volumes.get(hostId, name))
      throw new EngineError('conflict', `A volume named ${name} is already there.`);
    const { Name } = answer.parse(
      await agents.requestJson(hostId, {
        method: 'POST',
        path: '/volumes/create',
        body: { ...(name !== null && { Name: name }), Driver: 'local', DriverOpts: options, Labels: labels },
      }),
    );
    await agents.refreshVolumes(hostId).catch(() => {});
    return Name;
  });
}
