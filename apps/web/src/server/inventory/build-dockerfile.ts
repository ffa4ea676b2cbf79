import { Readable } from 'node:stream';
import { requireUser } from '../auth/require-user.ts';
import type { ActionResult } from '../views.ts';
import { type BuildInput, buildImage } from './build-image.ts';
import { tarOfOneFile } from './tar.ts';

const dockerfileBytesMax = 1024 * 1024;

/** Builds from a text alone: a context with nothing but the Dockerfile in it. */
export async function buildDockerfile(
  hostId: string,
  text: string,
  input: BuildInput,
): Promise<ActionResult<{ jobId: string }>> {
  const user = await requireUser();
  const content = Buffer.from(String(text));
  if (content.length === 0 || content.length > dockerfileBytesMax)
    return { ok: false, kind: 'invalid-parameter', message: 'A Dockerfile has 1 byte to 1 MiB.' };
  const context = Readable.from([tarOfOneFile('Dockerfile', content)]);
  return await buildImage(user, hostId, { ...input, dockerfile: 'Dockerfile' }, context);
}
