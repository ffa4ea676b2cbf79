'use server';
import { containerHistory } from '@/server/inventory/container-history.ts';
import { createEnrolmentToken } from '@/server/inventory/create-enrolment-token.ts';
import { hostHistory } from '@/server/inventory/host-history.ts';
import { removeHost } from '@/server/inventory/remove-host.ts';
import { renameHost } from '@/server/inventory/rename-host.ts';
import type { ActionResult, HistoryView } from '@/server/views.ts';

export async function submitRenameHost(hostId: string, name: string): Promise<ActionResult> {
  return await renameHost(hostId, name);
}

export async function submitRemoveHost(hostId: string): Promise<ActionResult> {
  return await removeHost(hostId);
}

export async function submitEnrolmentToken(
  name: string,
): Promise<ActionResult<{ token: string; expiresAt: number; command: string }>> {
  return await createEnrolmentToken(name ? { name } : {});
}

export async function loadHostHistory(hostId: string, fromMs: number, toMs: number): Promise<HistoryView> {
  return await hostHistory(hostId, { fromMs, toMs });
}

export async function loadContainerHistory(
  hostId: string,
  containerId: string,
  fromMs: number,
  toMs: number,
): Promise<HistoryView> {
  return await containerHistory(hostId, containerId, { fromMs, toMs });
}
