import type { ErrorKind } from '@berth/shared/errors';
import { isEngineError } from './inventory/audited.ts';

const statusOf: Record<ErrorKind, number> = {
  'not-found': 404,
  'invalid-parameter': 400,
  conflict: 409,
  unauthorized: 401,
  forbidden: 403,
  'not-modified': 304,
  'not-implemented': 501,
  unavailable: 503,
  cancelled: 499,
  deadline: 504,
  'data-loss': 500,
  'too-large': 413,
  'precondition-failed': 412,
  system: 500,
};

/** An error as the routes under /api answer it: `{"message"}`, as the Engine API does. */
export function errorAnswer(error: unknown): Response {
  if (isEngineError(error)) return messageAnswer(statusOf[error.kind] ?? 500, error.message);
  console.error(error);
  return messageAnswer(500, 'Something went wrong in the dashboard; its log says more.');
}

export function messageAnswer(status: number, message: string): Response {
  return Response.json({ message }, { status, headers: { 'cache-control': 'no-store' } });
}
