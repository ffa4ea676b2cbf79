/** COPY and ADD: what was found goes into the tree of an image, by tar streams and inside its root alone. */
import { PassThrough, type Readable } from 'node:stream';
import { closeFd, openOverlay, readFileInRoot } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { decompressed } from '../decompress.ts';
import { packTree } from '../files/tar.ts';
import {
  changeEntries,
  type Entry,
  encodeEntry,
  encodeFile,
  entryContents,
  isTarHeader,
} from '../files/tar-entries.ts';
import { resolveUser } from '../runtime/user.ts';
import { contextLimits as limits } from './context.ts';
import type { Copy } from './instructions.ts';
import { resolveInRoot, under } from './paths.ts';
import { applyStream } from './pipes.ts';
import { type CopyItem, type FoundFile, relativeName } from './sources.ts';

const accountFileBytesMax = 10 * 1024 ** 2;
const archiveHeadBytes = 512;

export interface Owner {
  uid: number;
  gid: number;
}

const rootOwner: Owner = { uid: 0, gid: 0 };

export interface CopyTarget {
  /** Writable root of the image's tree. */
  root: number;
  workingDir: string;
  signal: AbortSignal;
}

/** @throws invalid-parameter and others, without the name of the instruction */
export async function copyItems(items: readonly CopyItem[], copy: Copy, target: CopyTarget): Promise<void> {
  const isDirectory = /(?:^|\/)\.?$/.test(copy.destination);
  const owner = copy.chown === '' ? null : await parseChown(copy.chown, target.root);
  const destination = copy.destination.startsWith('/')
    ? copy.destination
    : `${target.workingDir || '/'}/${copy.destination}`;
  for (const item of items) {
    target.signal.throwIfAborted();
    const to = { ...target, destination, isDirectory };
    if (copy.kind === 'add' && 'source' in item && (await isArchive(item))) await unpack(item, to);
    else await copyItem(item, to, changer(copy, owner), owner ?? rootOwner);
  }
}

type Destination = CopyTarget & { destination: string; isDirectory: boolean };
type Change = (entry: Entry) => Entry;

/** `owned`: whose the directories are that are made on the way. */
async function copyItem(item: CopyItem, to: Destination, change: Change, owned: Owner): Promise<void> {
  const place = await resolveInRoot(to.root, to.destination);
  const isTree = 'source' in item && item.stat.type === 'directory';
  if (isTree && place.stat !== null && place.stat.type !== 'directory') {
    throw new EngineError('invalid-parameter', `cannot copy to non-directory: /${place.path}`);
  }
  const goesInto = !isTree && (to.isDirectory || place.stat?.type === 'directory');
  const directory = isTree || goesInto ? place.path : place.path.split('/').slice(0, -1).join('/');
  const before = (await missingDirectories(to.root, directory)).map((path) =>
    encodeEntry({ ...newDirectory(path), ...owned }),
  );
  const name = goesInto ? under(place.path, item.name) : place.path;
  const options = { mode: 'copy', limits, signal: to.signal } as const;
  if (!('source' in item)) {
    const file = { ...newEntry(name, '0', 0o644), sizeBytes: item.content.length };
    const archive = Buffer.concat([...before, encodeFile(change(file), item.content), Buffer.alloc(1024)]);
    await applyStream([new PassThrough().end(archive)], to.root, '/', options);
    return;
  }
  let isTop = true;
  const { source, path } = item;
  const editing = changeEntries((entry) => {
    const isItself = isTop;
    isTop = false;
    // The directory itself is no part of a copy, only what is in it.
    if (isItself && isTree) return null;
    return source.isHidden(under(path, relativeName(entry, name))) ? null : change(entry);
  }, before);
  await applyStream([packTree(source.root, `/${path}`, { name, mode: 'copy' }), editing], to.root, '/', options);
}

/** A local archive is extracted, with the owners that it names, as if its destination were the root. */
async function unpack(item: FoundFile, to: Destination): Promise<void> {
  const place = await resolveInRoot(to.root, to.destination);
  if (place.stat !== null && place.stat.type !== 'directory') {
    throw new EngineError('invalid-parameter', `cannot extract to non-directory: /${place.path}`);
  }
  await makeDirectory(to.root, `/${place.path}`, to.signal);
  const options = { mode: 'copy', limits, signal: to.signal } as const;
  await applyStream([await contents(item)], to.root, `/${place.path}`, options);
}

/** mkdir -p, as root. @throws invalid-parameter where there is a file */
export async function makeDirectory(root: number, path: string, signal: AbortSignal): Promise<void> {
  const place = await resolveInRoot(root, path);
  const missing = await missingDirectories(root, place.path);
  if (missing.length === 0) return;
  const archive = Buffer.concat([...missing.map((one) => encodeEntry(newDirectory(one))), Buffer.alloc(1024)]);
  await applyStream([new PassThrough().end(archive)], root, '/', { mode: 'copy', limits, signal });
}

/** Of the file, without the compression that it may have. */
async function contents({ source, path }: FoundFile): Promise<Readable> {
  const archive = packTree(source.root, `/${path}`, { name: 'file', mode: 'copy' });
  const file = entryContents();
  archive.on('error', (error) => file.destroy(error));
  return decompressed(archive.pipe(file));
}

async function isArchive(item: FoundFile): Promise<boolean> {
  if (item.stat.type !== 'file' || item.stat.sizeBytes === 0) return false;
  const stream = await contents(item);
  try {
    const head: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of stream) {
      head.push(chunk);
      bytes += chunk.length;
      if (bytes >= archiveHeadBytes) break;
    }
    return isTarHeader(Buffer.concat(head).subarray(0, archiveHeadBytes));
  } catch {
    // It only began like something compressed.
    return false;
  } finally {
    stream.destroy();
  }
}

/** What a COPY says of owner and mode. From a stage or image, owners stay; from the context all is root's. */
function changer(copy: Copy, owner: Owner | null): Change {
  const given = owner ?? (copy.from === '' || copy.kind === 'add' ? rootOwner : null);
  const mode = copy.chmod === '' ? null : Number.parseInt(copy.chmod, 8);
  return (entry) => ({
    ...entry,
    ...given,
    ...(mode === null || entry.type === '2' ? {} : { mode }),
  });
}

/** The names of those directories that lead to `path` and are not there, outermost first. */
async function missingDirectories(root: number, path: string): Promise<string[]> {
  const parts = path.split('/').filter((part) => part !== '');
  const missing: string[] = [];
  for (let length = parts.length; length > 0; length--) {
    const one = parts.slice(0, length).join('/');
    const { stat } = await resolveInRoot(root, one);
    if (stat !== null) {
      if (stat.type !== 'directory') throw new EngineError('invalid-parameter', `/${one} is not a directory`);
      break;
    }
    missing.unshift(one);
  }
  return missing;
}

function newEntry(name: string, type: string, mode: number): Entry {
  return {
    name,
    type,
    mode,
    uid: 0,
    gid: 0,
    sizeBytes: 0,
    mtimeSeconds: Math.floor(Date.now() / 1000),
    linkName: '',
    device: { major: 0, minor: 0 },
    attributes: [],
  };
}

const newDirectory = (path: string) => newEntry(`${path}/`, '5', 0o755);

/** `user[:group]`, names from the image's own files; without a group, the group of the same name. */
async function parseChown(chown: string, root: number): Promise<Owner> {
  const [user = '', group = user, ...more] = chown.split(':');
  if (user === '' || more.length > 0) {
    throw new EngineError('invalid-parameter', `invalid chown string format: ${chown}`);
  }
  const read = (file: string) =>
    readFileInRoot(root, file, accountFileBytesMax).then(
      (bytes) => Buffer.from(bytes).toString('utf8'),
      () => '',
    );
  const [passwd, groups] = await Promise.all([read('/etc/passwd'), read('/etc/group')]);
  const { uid, gid } = resolveUser(`${user}:${group}`, passwd, groups);
  return { uid, gid };
}

/** An image's tree, to be written to: what is written is in `upper`. */
export async function inWritableTree<T>(
  tree: { lower: readonly string[]; upper: string; work: string },
  work: (root: number) => Promise<T>,
): Promise<T> {
  const root = await openOverlay(tree);
  try {
    return await work(root);
  } finally {
    closeFd(root);
  }
}
