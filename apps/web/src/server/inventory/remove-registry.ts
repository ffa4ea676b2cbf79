import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ActionResult } from '../views.ts';
import { audited } from './audited.ts';

export async function removeRegistry(host: string): Promise<ActionResult> {
  const user = await requireUser();
  const name = String(host);
  return await audited(
    user,
    { action: 'remove-registry', hostId: null, targetId: name, targetName: name },
    async () => {
      server().store.registries.remove(name);
      return null;
    },
  );
}
