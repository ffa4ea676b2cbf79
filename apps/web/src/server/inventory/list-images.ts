import { requireUser } from '../auth/require-user.ts';
import type { ImageView } from '../views.ts';
import { imageViews } from './image-view.ts';

export async function listImages({ hostId }: { hostId?: string }): Promise<ImageView[]> {
  await requireUser();
  return imageViews(hostId);
}
