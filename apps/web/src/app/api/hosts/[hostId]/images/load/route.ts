import type { ReadableStream } from 'node:stream/web';
import { errorAnswer, messageAnswer } from '@/server/answer.ts';
import { currentUser } from '@/server/auth/current-user.ts';
import { loadImage } from '@/server/inventory/load-image.ts';

export const dynamic = 'force-dynamic';

/** The archive as the body; the answer is the engine's progress as JSON lines. */
export async function POST(request: Request, { params }: { params: Promise<{ hostId: string }> }): Promise<Response> {
  const user = await currentUser();
  if (!user) return messageAnswer(401, 'Sign in first.');
  if (!request.body) return messageAnswer(400, 'The archive is missing.');
  try {
    // The web's and Node's declarations of the same class.
    const archive = request.body as ReadableStream;
    const progress = await loadImage(user, (await params).hostId, archive, request.signal);
    return new Response(progress as unknown as BodyInit, {
      headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' },
    });
  } catch (error) {
    return errorAnswer(error);
  }
}
