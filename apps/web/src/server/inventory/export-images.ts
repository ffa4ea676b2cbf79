import { EngineError } from '@berth/shared/errors';
import { server } from '../context.ts';
import { type Download, download } from '../files/download.ts';
import type { UserView } from '../views.ts';
import { auditedOrThrow } from './audited.ts';

/**
 * The images as one archive, as `docker save` writes it. `names` are ids or tags that the inventory knows.
 * @throws EngineError when the host refuses before it answers
 */
export async function exportImages(
  user: UserView,
  hostId: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Download> {
  const { store, agents } = server();
  const known = new Set(store.inventory.images(hostId).flatMap(({ id, repoTags }) => [id, ...repoTags]));
  const subject = { action: 'export-image', hostId, targetId: null, targetName: names.map(shown).join(', ') };
  return await auditedOrThrow(user, subject, async () => {
    if (names.length === 0 || names.some((name) => !known.has(name)))
      throw new EngineError('not-found', 'This image is not there any more.');
    const answer = await agents.request(hostId, { method: 'GET', path: '/images/get', query: { names }, signal });
    const [only] = names;
    return download(answer, `${names.length === 1 && only ? shown(only).replace(/\//g, '-') : 'images'}.tar`);
  });
}

function shown(name: string): string {
  return name.replace(/^sha256:([0-9a-f]{12})[0-9a-f]+$/, '$1');
}
