import { errorAnswer, messageAnswer } from '@/server/answer.ts';
import { currentUser } from '@/server/auth/current-user.ts';
import { downloadAnswer } from '@/server/files/download.ts';
import { exportImages } from '@/server/inventory/export-images.ts';

export const dynamic = 'force-dynamic';

/** `?name=` once for each image. */
export async function GET(request: Request, { params }: { params: Promise<{ hostId: string }> }): Promise<Response> {
  const user = await currentUser();
  if (!user) return messageAnswer(401, 'Sign in first.');
  const names = new URL(request.url).searchParams.getAll('name');
  try {
    return downloadAnswer(await exportImages(user, (await params).hostId, names, request.signal));
  } catch (error) {
    return errorAnswer(error);
  }
}
