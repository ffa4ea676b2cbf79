import { errorAnswer, messageAnswer } from '@/server/answer.ts';
import { currentUser } from '@/server/auth/current-user.ts';
import { volumeSizes } from '@/server/inventory/volume-sizes.ts';

export const dynamic = 'force-dynamic';

/** {"name": bytes} of a host's volumes; asked by the page when it already stands, because it may take seconds. */
export async function GET(request: Request, { params }: { params: Promise<{ hostId: string }> }): Promise<Response> {
  if (!(await currentUser())) return messageAnswer(401, 'Sign in first.');
  try {
    const sizes = await volumeSizes((await params).hostId, request.signal);
    return Response.json(sizes, { headers: { 'cache-control': 'no-store' } });
  } catch (error) {
    return errorAnswer(error);
  }
}
