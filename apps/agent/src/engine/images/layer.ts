/**
 * One layer from a (compressed) tar file to a directory of the store: digest checked while it streams, applied natively
 * into a staging directory, made durable, renamed. What a crash leaves is a staging directory, which the sweep removes.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { applyTar, closeFd, openPipe, openRoot, removeTree } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { broken } from './archive.ts';

const layerLimits = { bytesMax: 64 * 1024 ** 3, entriesMax: 5_000_000 };

export function chainIdOf(parent: string | null, diffId: string): string {
  if (parent === null) return diffId;
  return `sha256:${createHash('sha256').update(`${parent} ${diffId}`).digest('hex')}`;
}

export function layerDirectory(dataDir: string, chainId: string): string {
  return path.join(dataDir, 'layers', chainId.slice('sha256:'.length));
}

/** @throws invalid-parameter when the archive is broken or is not the layer it should be (`expectedDiffId`) */
export async function storeLayer(options: {
  file: string;
  dataDir: string;
  parent: string | null;
  expectedDiffId: string | null;
  staging: string;
}): Promise<{ chainId: string; diffId: string; sizeBytes: number }> {
  const diff = path.join(options.staging, 'diff');
  await mkdir(diff, { recursive: true, mode: 0o755 });
  const { diffId, sizeBytes } = await applyLayer(options.file, diff);
  if (options.expectedDiffId !== null && options.expectedDiffId !== diffId) {
    throw broken(`a layer's content is ${diffId}, its config says ${options.expectedDiffId}`);
  }
  const chainId = chainIdOf(options.parent, diffId);
  const directory = layerDirectory(options.dataDir, chainId);
  await syncDirectory(options.staging);
  await removeTree(directory).catch(() => undefined);
  await rename(options.staging, directory);
  await syncDirectory(path.dirname(directory));
  return { chainId, diffId, sizeBytes };
}

async function applyLayer(file: string, directory: string): Promise<{ diffId: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  const root = openRoot(directory);
  const [readEnd, writeEnd] = openPipe();
  const applied = applyTar(readEnd, root, '/', { mode: 'layer', limits: layerLimits }).finally(() => closeFd(readEnd));
  applied.catch(() => undefined);
  const hashing = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const stages = [createReadStream(file), ...(await decompressor(file)), hashing];
  try {
    await pipeline([...stages, createWriteStream('', { fd: writeEnd })]);
    const { bytes } = await applied;
    return { diffId: `sha256:${hash.digest('hex')}`, sizeBytes: bytes };
  } catch (error) {
    const cause = await applied.then(
      () => error,
      (applyError) => applyError,
    );
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC') {
      throw new EngineError('system', 'No space is left for the layer; nothing was stored.', { cause });
    }
    throw new EngineError('invalid-parameter', `A layer cannot be applied: ${message(cause)}.`, { cause });
  } finally {
    closeFd(root);
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function decompressor(file: string): Promise<Transform[]> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    if (buffer[0] === 0x1f && buffer[1] === 0x8b) return [createGunzip()];
    if (buffer.readUInt32LE(0) === 0xfd2fb528) return [createZstdDecompress()];
    return [];
  } finally {
    await handle.close();
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
