import type { EngineError } from '@berth/shared/errors';
import { server } from '../context.ts';
import type { ActionResult, UserView } from '../views.ts';

export interface AuditSubject {
  action: string;
  hostId: string | null;
  targetId: string | null;
  targetName: string | null;
}

/** Every mutation goes through here: done or failed, the audit log says who did what to which thing. */
export async function audited<T>(
  user: UserView,
  subject: AuditSubject,
  work: () => Promise<T>,
): Promise<ActionResult<T>> {
  const result = await attempt(work);
  appendAudit(user, subject, result.ok ? null : result.message);
  return result;
}

/** As audited, for what answers with a stream: the error goes on to the caller. */
export async function auditedOrThrow<T>(user: UserView, subject: AuditSubject, work: () => Promise<T>): Promise<T> {
  try {
    const value = await work();
    appendAudit(user, subject, null);
    return value;
  } catch (error) {
    appendAudit(user, subject, isEngineError(error) ? error.message : 'failed');
    throw error;
  }
}

/** `failure` is null when it went well. */
export function appendAudit(user: UserView, subject: AuditSubject, failure: string | null): void {
  server().store.audit.append({
    at: Date.now(),
    userEmail: user.email,
    ...subject,
    result: failure === null ? 'ok' : 'failed',
    message: failure ?? '',
  });
}

/** What an engine says is for people; anything else is told to the log and not to the browser. */
export async function attempt<T>(work: () => Promise<T>): Promise<ActionResult<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (isEngineError(error)) return { ok: false, kind: error.kind, message: error.message };
    console.error(error);
    return { ok: false, kind: 'system', message: 'Something went wrong in the dashboard; its log says more.' };
  }
}

/** Next's bundle and server.ts have each their own class: the name is what both share. */
export function isEngineError(error: unknown): error is EngineError {
  return error instanceof Error && error.name === 'EngineError' && 'kind' in error;
}
