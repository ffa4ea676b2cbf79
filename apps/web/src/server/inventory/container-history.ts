import { requireUser } from '../auth/require-user.ts';
import type { HistoryView } from '../views.ts';
import { readHistory } from './history.ts';

export async function containerHistory(
  hostId: string,
  containerId: string,
  range: { fromMs: number; toMs: number },
): Promise<HistoryView> {
  await requireUser();
  return readHistory(hostId, containerId, range);
}
