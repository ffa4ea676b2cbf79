/** Error kind → HTTP status; the only such table. */
import { EngineError, type ErrorKind } from '@berth/shared/errors';
import { z } from 'zod';

const statuses: Record<ErrorKind, number> = {
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

export function statusOf(error: unknown): { status: number; message: string } {
  if (error instanceof EngineError) return { status: statuses[error.kind], message: error.message };
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    const where = issue?.path.join('.') ?? '';
    return {
      status: 400,
      message: `invalid request: ${where === '' ? '' : `${where}: `}${issue?.message ?? 'malformed'}`,
    };
  }
  return { status: 500, message: error instanceof Error ? error.message : String(error) };
}
