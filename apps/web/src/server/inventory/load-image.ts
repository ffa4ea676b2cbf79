import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { EngineError } from '@berth/shared/errors';
import { server } from '../context.ts';
import type { UserView } from '../views.ts';
import { isEngineError } from './audited.ts';

/**
 * Streams an archive to the host and the engine's progress lines back, neither of them kept here. A failure after the
 * head was sent is a last line `{"error"}`, as the engine itself does it.
 * @throws EngineError when the host refuses before it answers
 */
export async function loadImage(
  user: UserView,
  hostId: string,
  archive: ReadableStream,
  signal: AbortSignal,
): Promise<ReadableStream> {
  const { store, agents } = server();
  const audit = (result: 'ok' | 'failed', message: string) =>
    store.audit.append({
      at: Date.now(),
      userEmail: user.email,
      action: 'load-image',
      hostId,
      targetId: null,
      targetName: null,
      result,
      message,
    });
  try {
    if (!store.hosts.get(hostId)) throw new EngineError('not-found', 'This host is not there any more.');
    const body = Readable.fromWeb(archive);
    const stream = { body, contentType: 'application/x-tar' };
    const answer = await agents.request(hostId, { method: 'POST', path: '/images/load', stream, signal });
    return Readable.toWeb(Readable.from(progress(answer, audit, () => agents.refreshImages(hostId)))) as ReadableStream;
  } catch (error) {
    audit('failed', isEngineError(error) ? error.message : 'failed');
    throw error;
  }
}

async function* progress(
  answer: AsyncIterable<Buffer>,
  audit: (result: 'ok' | 'failed', message: string) => void,
  refresh: () => Promise<void>,
): AsyncGenerator<Buffer> {
  let tail = '';
  try {
    for await (const chunk of answer) {
      tail = (tail + chunk.toString('latin1')).slice(-4096);
      yield chunk;
    }
    const failed = /"error"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(tail)?.[1];
    audit(failed === undefined ? 'ok' : 'failed', failed ?? '');
    await refresh().catch(() => {});
  } catch {
    audit('failed', 'the connection broke');
    yield Buffer.from(
      `${JSON.stringify({ error: 'The connection with the host broke while the image was loaded.' })}\n`,
    );
  }
}
