import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { AuditView } from '../views.ts';

const limitMax = 1000;

export async function listAudit({ limit, beforeId }: { limit: number; beforeId?: number }): Promise<AuditView[]> {
  await requireUser();
  return server().store.audit.list({ limit: Math.min(limit, limitMax), ...(beforeId !== undefined && { beforeId }) });
}
