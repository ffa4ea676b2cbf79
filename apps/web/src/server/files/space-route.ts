/** What the routes for files share: who asks, where, and errors as `{"message"}`. */

import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { EngineError } from '@berth/shared/errors';
import { errorAnswer, messageAnswer } from '../answer.ts';
import { currentUser } from '../auth/current-user.ts';
import type { UserView } from '../views.ts';
import { type FileSpace, filePath, fileSpace } from './space.ts';

export interface SpaceRequest {
  user: UserView;
  space: FileSpace;
  path: string;
  query: URLSearchParams;
  request: Request;
}

type Handler = (
  request: Request,
  context: { params: Promise<{ hostId: string; space: string; id: string }> },
) => Promise<Response>;

export function spaceRoute(work: (request: SpaceRequest) => Promise<Response>): Handler {
  return async (request, { params }) => {
    const user = await currentUser();
    if (!user) return messageAnswer(401, 'Sign in first.');
    try {
      const { hostId, space: kind, id } = await params;
      const query = new URL(request.url).searchParams;
      const space = fileSpace({ hostId, kind, id });
      return await work({ user, space, path: filePath(query.get('path') ?? '/'), query, request });
    } catch (error) {
      return errorAnswer(error);
    }
  };
}

/** The body of an upload, and how much of it the browser says there is. @throws invalid-parameter */
export function uploadOf(request: Request): { body: Readable; bytes: number | undefined } {
  const length = request.headers.get('content-length');
  // Without a body there is a file of nothing.
  // The web's and Node's declarations of the same class.
  const body = request.body ? Readable.fromWeb(request.body as ReadableStream) : Readable.from([]);
  if (length === null) return { body, bytes: undefined };
  const bytes = Number(length);
  if (!Number.isSafeInteger(bytes) || bytes < 0)
    throw new EngineError('invalid-parameter', 'The length of the upload is no number.');
  return { body, bytes };
}

export const doneAnswer = (headers: Record<string, string> = {}): Response =>
  new Response(null, { status: 204, headers: { 'cache-control': 'no-store', ...headers } });
