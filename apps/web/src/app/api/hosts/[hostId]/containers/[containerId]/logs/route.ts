import { errorAnswer, messageAnswer } from '@/server/answer.ts';
import { currentUser } from '@/server/auth/current-user.ts';
import { logQuery, readLogs } from '@/server/inventory/read-logs.ts';

export const dynamic = 'force-dynamic';

/** The container's log as JSON lines {"stream","time","text"}; with `follow` until the browser leaves. */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ hostId: string; containerId: string }> },
): Promise<Response> {
  if (!(await currentUser())) return messageAnswer(401, 'Sign in first.');
  const query = logQuery.safeParse(Object.fromEntries(new URL(request.url).searchParams));
  if (!query.success) return messageAnswer(400, 'The log was asked for with bad parameters.');
  const { hostId, containerId } = await params;
  try {
    const lines = await readLogs(hostId, containerId, query.data, request.signal);
    return new Response(lines as unknown as BodyInit, {
      headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    });
  } catch (error) {
    return errorAnswer(error);
  }
}
