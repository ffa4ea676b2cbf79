/** A root to apply archives to, with canaries beside and outside of it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { applyTar, closeFd, openRoot } from '../index.js';

export class Stage {
  readonly base: string;
  readonly root: string;
  readonly outside: string;

  constructor(name: string) {
    this.base = mkdtempSync(path.join(os.tmpdir(), `berth-test-${name}-`));
    this.root = path.join(this.base, 'root');
    this.outside = path.join(this.base, 'outside');
  }

  /** An empty root, and canaries alive. */
  reset(): void {
    rmSync(this.root, { recursive: true, force: true });
    rmSync(this.outside, { recursive: true, force: true });
    mkdirSync(this.root, { mode: 0o755 });
    mkdirSync(this.outside);
    for (const canary of this.#canaries()) {
      writeFileSync(canary, 'alive');
      chmodSync(canary, 0o640);
    }
  }

  remove(): void {
    rmSync(this.base, { recursive: true, force: true });
  }

  #canaries(): string[] {
    return [path.join(this.base, 'canary'), path.join(this.outside, 'canary')];
  }

  async apply(
    bytes: Buffer,
    limits = { bytesMax: 64 << 20, entriesMax: 1000 },
    mode: 'layer' | 'copy' = 'layer',
  ): Promise<{ bytes: number; entries: number }> {
    const file = path.join(this.base, 'archive.tar');
    writeFileSync(file, bytes);
    const fd = openSync(file, 'r');
    const rootFd = openRoot(this.root);
    try {
      return await applyTar(fd, rootFd, '/', { mode, limits });
    } finally {
      closeFd(rootFd);
      closeSync(fd);
      rmSync(file);
    }
  }

  /** Whether it is taken or refused (then the error's code): nothing outside the root may change. */
  async stayInside(bytes: Buffer): Promise<string> {
    const before = this.#outside();
    const code = await this.apply(bytes).then(
      () => 'taken',
      (error) => error.code,
    );
    assert.deepEqual(this.#outside(), before, `outside of the root, after ${code}`);
    return code;
  }

  /** Everything but the root: names, kinds, inodes, owners, modes, links, times and content. */
  #outside(): unknown[] {
    const entries = [this.base, this.outside].flatMap((directory) =>
      readdirSync(directory).map((name) => path.join(directory, name)),
    );
    return [...entries, this.base, this.outside]
      .filter((entry) => entry !== this.root)
      .sort()
      .map((entry) => {
        const { ino, mode, nlink, uid, gid, mtimeMs } = lstatSync(entry);
        const isCanary = this.#canaries().includes(entry);
        return [entry, ino, mode, nlink, uid, gid, ...(isCanary ? [mtimeMs, readFileSync(entry, 'utf8')] : [])];
      });
  }

  /** Extended attributes of a file in the root, values as latin1. */
  xattrs(name: string): Record<string, string> {
    const script =
      'import os,sys,json\np=sys.argv[1]\n' +
      'print(json.dumps({n: os.getxattr(p,n,follow_symlinks=False).decode("latin1") for n in os.listxattr(p,follow_symlinks=False)}))';
    const answer = spawnSync('python3', ['-c', script, path.join(this.root, name)], { encoding: 'utf8' });
    assert.equal(answer.status, 0, answer.stderr);
    return JSON.parse(answer.stdout);
  }
}
