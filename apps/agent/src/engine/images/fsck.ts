/**
 * `berth-agent fsck`: is everything there that the records say, and is it what they say? Every blob is hashed; every
 * layer is unpacked again from its blob into a scratch directory and compared with the one in use, owners, modes,
 * attributes, times and content. What can be made again is, when asked to; for the rest the records are put so that a
 * pull or load completes them.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { closeFd, openRoot, removeTree } from '@berth/native';
import { durably } from '../database.ts';
import { packTree } from '../files/tar.ts';
import { syncDirectory } from './blobs.ts';
import type { ImageContext } from './context.ts';
import { layerDirectory } from './layers.ts';
import type { LayerRow } from './store.ts';
import { unpack } from './unpack.ts';

export interface Finding {
  /** A digest, chain id or image id. */
  subject: string;
  problem: string;
  /** Null: nothing was to be repaired. */
  repaired: boolean | null;
  /** What a person can do, where it could not be. */
  remedy: string;
}

export interface FsckReport {
  blobs: number;
  layers: number;
  images: number;
  /** Layers without a blob, as agents of old stored them: they cannot be compared with anything. */
  unverifiable: number;
  findings: Finding[];
}

const again = 'pull or load its image again';
const withRepair = 'run it with --repair';

/** No agent is at work. `repair`: what can be, is. */
export async function fsck(context: ImageContext, { repair }: { repair: boolean }): Promise<FsckReport> {
  const { db, store, blobs } = context;
  const report: FsckReport = { blobs: 0, layers: 0, images: 0, unverifiable: 0, findings: [] };
  const found = (subject: string, problem: string, repaired: boolean, remedy = '') =>
    report.findings.push({
      subject,
      problem,
      repaired: repair ? repaired : null,
      remedy: repair && repaired ? '' : remedy,
    });

  for (const text of databaseProblems(context)) found('agent.db', text, false, 'restore it from a backup');
  const broken = new Set<string>();
  for (const digest of [...store.namedBlobs()].sort()) {
    const problem = await blobProblem(digest);
    report.blobs++;
    if (problem === null) continue;
    broken.add(digest);
    if (repair && existsSync(blobs.path(digest))) rmSync(blobs.path(digest));
    const canMake = store.configDigest(digest) === digest;
    if (repair && canMake) {
      blobs.putNow(Buffer.from(store.configText(digest) ?? ''), digest);
      broken.delete(digest);
    }
    found(digest, problem, canMake, canMake ? withRepair : again);
  }
  for (const layer of store.layers()) {
    report.layers++;
    await checkLayer(layer);
  }
  report.images = store.ids().length;
  if (repair) {
    durably(db, () => store.forgetBlobs(broken));
    await context.unused.sweep();
  }
  return report;

  async function blobProblem(digest: string): Promise<string | null> {
    const isOld = store.get(digest) !== null && store.configDigest(digest) !== digest;
    if (!blobs.has(digest)) return isOld ? null : 'the blob is missing';
    return (await blobs.isIntact(digest)) ? null : 'the blob has other content';
  }

  async function checkLayer(layer: LayerRow): Promise<void> {
    const directory = layerDirectory(context.dataDir, layer.chainId);
    const isThere = existsSync(path.join(directory, 'diff'));
    const { blob } = layer;
    if (blob === null || broken.has(blob.digest)) {
      if (blob === null) report.unverifiable++;
      if (!isThere) found(layer.chainId, 'the directory of the layer is missing', false, again);
      return;
    }
    const scratch = path.join(context.dataDir, 'tmp', randomBytes(12).toString('hex'));
    mkdirSync(path.join(scratch, 'diff'), { recursive: true, mode: 0o755 });
    try {
      const problem = await layerProblem(
        layer,
        isThere ? path.join(directory, 'diff') : null,
        path.join(scratch, 'diff'),
      );
      if (problem === null) return;
      const user = repair ? runningUser(layer.chainId) : null;
      if (problem.isOfBlob) return void found(layer.chainId, problem.text, false, again);
      if (repair && user === null) await replace(directory, scratch);
      const remedy = user === null ? withRepair : `stop container ${user} first, which runs on it`;
      found(layer.chainId, problem.text, repair && user === null, remedy);
    } finally {
      await removeTree(scratch);
    }
  }

  async function layerProblem(
    layer: LayerRow,
    directory: string | null,
    scratch: string,
  ): Promise<{ text: string; isOfBlob: boolean } | null> {
    const { blob, diffId } = layer;
    if (blob === null) return null;
    const { signal } = new AbortController();
    try {
      const done = await unpack({ diffId, blob, open: async () => blobs.open(blob.digest), signal }, scratch, null);
      if (done.bytes !== layer.sizeBytes)
        return { text: `the record says ${layer.sizeBytes} bytes, the blob has ${done.bytes}`, isOfBlob: true };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { text: `its blob does not unpack to the layer: ${reason}`, isOfBlob: true };
    }
    if (directory === null) return { text: 'the directory of the layer is missing', isOfBlob: false };
    return (await treeDigest(directory)) === (await treeDigest(scratch))
      ? null
      : { text: 'the directory of the layer is not what its blob holds', isOfBlob: false };
  }

  /** A file that is taken from under a running container is gone for it. */
  function runningUser(chainId: string): string | null {
    const running = context.inUse().filter((use) => use.running);
    return running.find((use) => store.get(use.imageId)?.chainIds.includes(chainId))?.name ?? null;
  }

  async function replace(directory: string, scratch: string): Promise<void> {
    const aside = `${scratch}-replaced`;
    syncDirectory(path.join(scratch, 'diff'));
    if (existsSync(directory)) renameSync(directory, aside);
    renameSync(scratch, directory);
    syncDirectory(path.dirname(directory));
    await removeTree(aside);
  }
}

function databaseProblems({ db }: ImageContext): string[] {
  const integrity = db.prepare<[], { integrity_check: string }>('PRAGMA integrity_check').all();
  const orphans = db.prepare<[], { table: string }>('PRAGMA foreign_key_check').all();
  return [
    ...integrity.map((row) => row.integrity_check).filter((text) => text !== 'ok'),
    ...orphans.map((row) => `a record of ${row.table} stands for nothing`),
  ];
}

/** Of everything that a tar stream says of a tree, in the order of names. */
async function treeDigest(directory: string): Promise<string> {
  const hash = createHash('sha256');
  const root = openRoot(directory);
  try {
    for await (const chunk of packTree(root, '/', { name: '.', mode: 'layer' })) hash.update(chunk);
    return hash.digest('hex');
  } finally {
    closeFd(root);
  }
}
