/** The directory that takes what a container writes, and how much of it there may be. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { forgetLimit, limitDirectory, removeTree } from '@berth/native';
import type { HostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import { byteSize } from './byte-size.ts';
import type { Context } from './context.ts';
import type { ContainerRecord } from './store.ts';

/** `--storage-opt size=10G`; null: no limit. @throws invalid-parameter */
export function layerBytesMax(host: Pick<HostConfig, 'StorageOpt'>): number | null {
  const { size, ...unknown } = host.StorageOpt;
  const [name] = Object.keys(unknown);
  if (name !== undefined) throw new EngineError('invalid-parameter', `unknown storage option: ${name}`);
  if (size === undefined) return null;
  const bytes = byteSize(size);
  if (bytes === null || bytes < 1024 * 1024) {
    throw new EngineError('invalid-parameter', `invalid storage size: ${JSON.stringify(size)}, 1M is the least`);
  }
  return bytes;
}

/** Makes what is not there yet. @throws invalid-parameter where a limit was asked for that cannot be had */
export function makeLayer(context: Context, record: ContainerRecord): void {
  const { upper, work } = context.layer(record.id);
  const layer = path.dirname(upper);
  mkdirSync(layer, { recursive: true, mode: 0o755 });
  limit(record, layer);
  for (const one of [upper, work]) mkdirSync(one, { recursive: true, mode: 0o755 });
}

/** At create: a limit that cannot be had is known then. What it made before it failed is for dropLayer. @throws as makeLayer */
export function tryLayer(context: Context, record: ContainerRecord): void {
  mkdirSync(context.stateDir(record.id), { recursive: true, mode: 0o700 });
  makeLayer(context, record);
}

/** Of a container that came to nothing. */
export async function dropLayer(context: Context, record: ContainerRecord): Promise<void> {
  forgetLayerLimit(context, record);
  await removeTree(context.stateDir(record.id)).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** Before anything is in it: what is made in a project's directory belongs to the project. */
function limit(record: ContainerRecord, layer: string): void {
  const bytes = layerBytesMax(record.hostConfig);
  if (bytes === null || record.project === null) return;
  try {
    limitDirectory(layer, record.project, bytes);
  } catch (cause) {
    throw new EngineError(
      'invalid-parameter',
      `--storage-opt size needs project quotas, which the file system of the data directory does not have: use ext4 or xfs, mounted with prjquota (${cause instanceof Error ? cause.message : cause})`,
      { cause },
    );
  }
}

/** Its number may be another container's next. */
export function forgetLayerLimit(context: Context, record: ContainerRecord): void {
  if (record.project === null) return;
  try {
    forgetLimit(context.dataDir, record.project);
  } catch {
    // The limit of an empty project limits nobody, and the next that gets the number brings its own.
  }
}
