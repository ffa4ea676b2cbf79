/** What the kernel says of a path, as a client is told. */
import { EngineError, type ErrorKind } from '@berth/shared/errors';
import type { Place } from './place.ts';

const known: Record<string, [ErrorKind, string]> = {
  ENOTDIR: ['invalid-parameter', 'it is not a directory, or something above it is none'],
  EISDIR: ['invalid-parameter', 'it is a directory'],
  EINVAL: ['invalid-parameter', 'it is not a regular file'],
  ELOOP: ['invalid-parameter', 'too many links, or one that leads nowhere inside'],
  ENAMETOOLONG: ['invalid-parameter', 'the name is too long'],
  EEXIST: ['conflict', 'it is there already'],
  ENOTEMPTY: ['conflict', 'the directory is not empty'],
  EBUSY: ['conflict', 'something is mounted there'],
  EAGAIN: ['conflict', 'it changes all the time'],
  ESTALE: ['precondition-failed', 'it has changed meanwhile: read it again'],
  EPERM: ['forbidden', 'it belongs to the kernel, or may not be changed'],
  EACCES: ['forbidden', 'it may not be reached'],
  EFBIG: ['too-large', 'it is too large'],
  ENOSPC: ['system', 'no space left on device'],
  EDQUOT: ['system', 'disk quota exceeded'],
};

/** @throws always */
export function explain(place: Pick<Place, 'name' | 'readOnly'>, path: string, cause: unknown): never {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOENT')
    throw new EngineError('not-found', `Could not find the file ${path} in ${place.name}`, { cause });
  if (code === 'EROFS') throw new EngineError('forbidden', place.readOnly, { cause });
  const [kind, why] = known[code] ?? [];
  if (kind === undefined) throw cause;
  throw new EngineError(kind, `${path} in ${place.name}: ${why}`, { cause });
}

/** @throws invalid-parameter */
export function checkPath(path: string): string {
  if (path === '' || path.includes('\0')) throw new EngineError('invalid-parameter', 'a path is needed: path=');
  return path;
}
