/** The build context: a tar stream of the client, in a directory of its own. Nothing in it is followed on the host. */
import { mkdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { closeFd, openRoot, readFileInRoot } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { decompressed } from '../decompress.ts';
import { ignored } from '../glob.ts';
import { resolveInRoot } from './paths.ts';
import { applyStream } from './pipes.ts';

export const contextLimits = { bytesMax: 16 * 1024 ** 3, entriesMax: 1_000_000 };
const dockerfileBytesMax = 1024 ** 2;
const ignoreFileBytesMax = 64 * 1024;
const nameMax = 1024;

/** What COPY takes from: the context, a stage or an image. */
export interface Source {
  /** A descriptor. */
  root: number;
  /** By its path from the root. */
  isHidden(path: string): boolean;
}

export interface BuildContext extends Source {
  dockerfile: string;
}

/** @throws invalid-parameter, too-large; the caller closes `root` */
export async function receiveContext(
  input: Readable,
  directory: string,
  options: { dockerfile: string; signal: AbortSignal },
): Promise<BuildContext> {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const root = openRoot(directory);
  try {
    await extract(input, root, options.signal);
    const [path, dockerfile] = await readDockerfile(root, options.dockerfile);
    const isIgnored = ignored((await readText(root, '.dockerignore', ignoreFileBytesMax)) ?? '');
    // Clients send these two even where they are to be left out, as the builder needs them.
    const hidden = new Set([path, '.dockerignore'].filter(isIgnored));
    return { root, dockerfile, isHidden: (one) => hidden.has(one) };
  } catch (error) {
    closeFd(root);
    throw error;
  }
}

async function extract(input: Readable, root: number, signal: AbortSignal): Promise<void> {
  try {
    await applyStream([await decompressed(input)], root, '/', { mode: 'copy', limits: contextLimits, signal });
  } catch (error) {
    if (signal.aborted) throw new EngineError('cancelled', 'Build cancelled');
    throw refused(error);
  }
}

function refused(cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
  const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'EFBIG';
  const message = cause instanceof Error ? cause.message : String(cause);
  return new EngineError(
    isTooLarge ? 'too-large' : 'invalid-parameter',
    `the build context cannot be extracted: ${message}`,
    { cause },
  );
}

async function readDockerfile(root: number, asked: string): Promise<[path: string, text: string]> {
  const name = asked === '' ? 'Dockerfile' : asked;
  if (name.length > nameMax || name.split('/').includes('..')) {
    throw new EngineError('invalid-parameter', `the Dockerfile (${name}) must be within the build context`);
  }
  for (const candidate of name === 'Dockerfile' ? ['Dockerfile', 'dockerfile'] : [name]) {
    const text = await readText(root, candidate, dockerfileBytesMax);
    if (text === null) continue;
    if (text.trim() === '') {
      throw new EngineError('invalid-parameter', `the Dockerfile (${candidate}) cannot be empty`);
    }
    return [candidate.replace(/^(?:\.?\/)+/, ''), text];
  }
  throw new EngineError('invalid-parameter', `Cannot locate specified Dockerfile: ${name}`);
}

async function readText(root: number, path: string, bytesMax: number): Promise<string | null> {
  const place = await resolveInRoot(root, path);
  if (place.stat?.type !== 'file') return null;
  if (place.stat.sizeBytes > bytesMax) throw new EngineError('too-large', `${path} is larger than ${bytesMax} bytes`);
  return Buffer.from(await readFileInRoot(root, `/${place.path}`, bytesMax)).toString('utf8');
}
