import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { EngineError, errorKinds } from '@berth/shared/errors';
import { server } from '../context.ts';
import type { UserView } from '../views.ts';
import { audited } from './audited.ts';

/**
 * The images as one archive, as `docker save` writes it. `names` are ids or tags that the inventory knows.
 * @throws EngineError when the host refuses before it answers
 */
export async function exportImages(
  user: UserView,
  hostId: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<{ archive: ReadableStream; fileName: string }> {
  const { store, agents } = server();
  const known = new Set(store.inventory.images(hostId).flatMap(({ id, repoTags }) => [id, ...repoTags]));
  const subject = { action: 'export-image', hostId, targetId: null, targetName: names.map(shown).join(', ') };
  const result = await audited(user, subject, async () => {
    if (names.length === 0 || names.some((name) => !known.has(name)))
      throw new EngineError('not-found', 'This image is not there any more.');
    return await agents.request(hostId, { method: 'GET', path: '/images/get', query: { names }, signal });
  });
  if (!result.ok) throw new EngineError(errorKinds.find((kind) => kind === result.kind) ?? 'system', result.message);
  const first = names[0] ?? '';
  const fileName = names.length === 1 ? `${shown(first).replace(/[^\w.-]+/g, '_')}.tar` : 'images.tar';
  return { archive: Readable.toWeb(result.value) as ReadableStream, fileName };
}

function shown(name: string): string {
  return name.replace(/^sha256:([0-9a-f]{12})[0-9a-f]+$/, '$1');
}
