/** What a COPY or ADD names: found inside its source, hashed, not copied yet. */
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { PathStat } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { packTree } from '../files/tar.ts';
import { type Entry, hashEntries } from '../files/tar-entries.ts';
import { hasWildcard } from '../glob.ts';
import type { Source } from './context.ts';
import type { Copy } from './instructions.ts';
import { globInRoot, resolveInRoot, under } from './paths.ts';

export interface FoundFile {
  /** As it was named: what it is called in a destination that is a directory. */
  name: string;
  source: Source;
  path: string;
  stat: PathStat;
  hash: string;
}

export interface InlineFile {
  name: string;
  content: Buffer;
  hash: string;
}

export type CopyItem = FoundFile | InlineFile;

const itemsMax = 100_000;

/** @throws invalid-parameter, not-found, not-implemented */
export async function findItems(copy: Copy, source: Source, signal: AbortSignal): Promise<CopyItem[]> {
  const items: CopyItem[] = copy.heredocs.map(({ name, content }) => inlineFile(name, Buffer.from(content)));
  for (const named of copy.sources) {
    refuseAddress(copy.kind, named);
    for (const path of await expand(named, source)) {
      signal.throwIfAborted();
      if (items.length >= itemsMax) throw new EngineError('too-large', `there are more than ${itemsMax} sources`);
      items.push(await find(named, path, copy, source, signal));
    }
  }
  if (items.length === 0) throw new EngineError('not-found', 'no source files were specified');
  return items;
}

/** Of all that is copied: part of what a cached step is known by. */
export function hashOf(items: readonly CopyItem[]): string {
  const hashes = items.map((item) => item.hash);
  return hashes.length === 1 ? (hashes[0] ?? '') : `multi:${sha256(hashes.join(','))}`;
}

/** The agent fetches nothing for a build: what a container may reach is its network's affair. */
function refuseAddress(kind: Copy['kind'], source: string): void {
  if (!/^(?:https?|git|ssh|ftp):\/\/|^git@/i.test(source)) return;
  if (kind === 'copy') throw new EngineError('invalid-parameter', "source can't be a URL for COPY");
  throw new EngineError(
    'not-implemented',
    `ADD of ${source} is not supported: download it in a RUN instruction, or put it into the build context`,
  );
}

async function expand(named: string, source: Source): Promise<string[]> {
  const relative = named.replace(/^\/+/, '').replace(/^(?:\.\/+)+/, '');
  const climbs = relative.split('/').reduce<number>((depth, part) => {
    if (depth < 0 || part === '' || part === '.') return depth;
    return depth + (part === '..' ? -1 : 1);
  }, 0);
  if (climbs < 0) {
    throw new EngineError('forbidden', `forbidden path outside the build context: ${named} ()`);
  }
  if (!hasWildcard(relative)) return [relative];
  return (await globInRoot(source.root, relative)).filter((path) => !source.isHidden(path));
}

async function find(named: string, path: string, copy: Copy, source: Source, signal: AbortSignal): Promise<FoundFile> {
  const place = await resolveInRoot(source.root, path);
  if (place.stat === null || source.isHidden(place.path)) {
    const why = copy.from === '' ? 'file not found in build context or excluded by .dockerignore: ' : '';
    throw new EngineError('not-found', `${why}stat ${hasWildcard(named) ? path : named}: file does not exist`);
  }
  const name = path.split('/').findLast((part) => part !== '' && part !== '.') ?? '';
  const found = { name, source, path: place.path, stat: place.stat };
  const kind = place.stat.type === 'directory' ? 'dir' : 'file';
  return { ...found, hash: `${kind}:${await contentHash(found, signal)}` };
}

async function contentHash(found: Omit<FoundFile, 'hash'>, signal: AbortSignal): Promise<string> {
  const { source, path, name } = found;
  const { sink, digest } = hashEntries((entry) => source.isHidden(under(path, relativeName(entry, name))));
  await pipeline(packTree(source.root, `/${path}`, { name, mode: 'copy' }), sink, { signal });
  return digest();
}

/** Of an entry of a stream of `top`: its path from there. */
export function relativeName(entry: Entry, top: string): string {
  const whole = entry.name.replace(/^\.\//, '').replace(/\/$/, '');
  return top !== '' && (whole === top || whole.startsWith(`${top}/`)) ? whole.slice(top.length + 1) : whole;
}

function inlineFile(name: string, content: Buffer): InlineFile {
  return { name, content, hash: `file:${sha256(`${name}\n${content}`)}` };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
