'use server';
import { removeImage } from '@/server/inventory/remove-image.ts';
import type { ActionResult } from '@/server/views.ts';

export async function submitRemoveImage(
  hostId: string,
  id: string,
  options: { force: boolean },
): Promise<ActionResult> {
  return await removeImage(hostId, id, options);
}
