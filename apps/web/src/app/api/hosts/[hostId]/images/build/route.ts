import type { ReadableStream } from 'node:stream/web';
import { errorAnswer, messageAnswer } from '@/server/answer.ts';
import { currentUser } from '@/server/auth/current-user.ts';
import { type BuildInput, buildImage } from '@/server/inventory/build-image.ts';

export const dynamic = 'force-dynamic';

/** The context as the body, the rest as JSON in `?build=`; answers with the job when the context was read. */
export async function POST(request: Request, { params }: { params: Promise<{ hostId: string }> }): Promise<Response> {
  const user = await currentUser();
  if (!user) return messageAnswer(401, 'Sign in first.');
  if (!request.body) return messageAnswer(400, 'The context is missing.');
  try {
    // What it is made of is checked there.
    const input: BuildInput = JSON.parse(new URL(request.url).searchParams.get('build') ?? '{}');
    // The web's and Node's declarations of the same class.
    const context = request.body as ReadableStream;
    return Response.json(await buildImage(user, (await params).hostId, input, context));
  } catch (error) {
    return error instanceof SyntaxError ? messageAnswer(400, 'The build is no JSON.') : errorAnswer(error);
  }
}
