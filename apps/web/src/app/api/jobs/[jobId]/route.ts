import { messageAnswer } from '@/server/answer.ts';
import { currentUser } from '@/server/auth/current-user.ts';
import { watchJob } from '@/server/inventory/watch-job.ts';

export const dynamic = 'force-dynamic';

/** How far the work is, as JSON lines: first everything, then what changes, until it ends or the browser leaves. */
export async function GET(request: Request, { params }: { params: Promise<{ jobId: string }> }): Promise<Response> {
  if (!(await currentUser())) return messageAnswer(401, 'Sign in first.');
  const progress = watchJob((await params).jobId, request.signal);
  if (!progress) return messageAnswer(404, 'This work is over, and no longer remembered.');
  // The web's and Node's declarations of the same class.
  return new Response(progress as unknown as BodyInit, {
    headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  });
}
