/** Paths inside a context or image. Links are followed as a chroot would, one step at a time and by openat2 alone. */
import { listInRoot, type PathStat, statInRoot } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { goMatch, hasWildcard } from '../glob.ts';

const linksMax = 40;
const partsMax = 1024;
const entriesMax = 1_000_000;

export interface Place {
  /** Without links and without a slash first; '' is the root. */
  path: string;
  /** Null where there is nothing yet. */
  stat: PathStat | null;
}

/** @throws invalid-parameter for what leads through a file, or round in circles */
export async function resolveInRoot(root: number, path: string): Promise<Place> {
  const waiting = parts(path);
  const done: string[] = [];
  let stat: PathStat | null = await statInRoot(root, '/');
  for (let links = 0; waiting.length > 0; ) {
    const part = waiting.shift() ?? '';
    if (part === '..') {
      done.pop();
      stat = await lookUp(root, done.join('/'));
      continue;
    }
    if (stat !== null && stat.type !== 'directory') throw invalid(path, 'not a directory');
    const next = [...done, part];
    stat = stat === null ? null : await lookUp(root, next.join('/'));
    if (stat?.type !== 'symlink') {
      done.push(part);
      continue;
    }
    if (++links > linksMax) throw invalid(path, 'too many levels of symbolic links');
    if (stat.linkTarget.startsWith('/')) done.length = 0;
    waiting.unshift(...parts(stat.linkTarget));
    stat = await lookUp(root, done.join('/'));
  }
  return { path: done.join('/'), stat };
}

/** What a pattern fits, sorted; directories on the way are no links. @throws invalid-parameter for a broken pattern */
export async function globInRoot(root: number, pattern: string): Promise<string[]> {
  let found = [''];
  const segments = parts(pattern);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    const fits = hasWildcard(segment) ? goMatch(segment) : null;
    const next: string[] = [];
    for (const directory of found) {
      for (const entry of await candidates(root, directory, segment, fits)) {
        if (isLast || entry.type === 'directory') next.push(under(directory, entry.name));
      }
      if (next.length > entriesMax) throw invalid(pattern, 'it fits too many files');
    }
    found = next;
  }
  return found;
}

async function candidates(
  root: number,
  directory: string,
  segment: string,
  fits: ((name: string) => boolean) | null,
): Promise<PathStat[]> {
  if (fits !== null) {
    const { entries, truncated } = await listInRoot(root, `/${directory}`, entriesMax);
    if (truncated) throw invalid(directory, `it holds more than ${entriesMax} entries`);
    return entries.filter(({ name }) => fits(name));
  }
  const stat = await lookUp(root, under(directory, segment.replaceAll(/\\(.)/g, '$1')));
  return stat === null ? [] : [stat];
}

export function under(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

/** Null where there is nothing. */
async function lookUp(root: number, path: string): Promise<PathStat | null> {
  try {
    return await statInRoot(root, `/${path}`);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

function parts(path: string): string[] {
  if (path.includes('\0')) throw invalid(path.replaceAll('\0', ''), 'it holds a NUL');
  const found = path.split('/').filter((part) => part !== '' && part !== '.');
  if (found.length > partsMax) throw invalid(path.slice(0, 64), 'it is too long');
  return found;
}

function invalid(path: string, why: string): EngineError {
  return new EngineError('invalid-parameter', `${path}: ${why}`);
}
