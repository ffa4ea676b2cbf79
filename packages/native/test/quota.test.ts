/** A limit on what lies below a directory, on a file system of our own that has project quotas. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { forgetLimit, limitDirectory } from '../index.js';
import { slowness } from './supervised.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'berth-test-'));
const timeout = 30_000 * slowness;
const project = 1_234_567;
let mounted = false;

after(() => {
  if (mounted) spawnSync('umount', [path.join(directory, 'mounted')]);
  rmSync(directory, { recursive: true, force: true });
});

/** Undefined when it is there, else why it is not. */
function mountWithQuotas(): string | undefined {
  const image = path.join(directory, 'image');
  spawnSync('modprobe', ['--all', 'loop', 'ext4', 'quota_v2']); // where they are modules
  writeFileSync(image, '');
  truncateSync(image, 64 * 1024 * 1024);
  const made = spawnSync('mkfs.ext4', ['-q', '-O', 'quota,project', '-E', 'quotatype=prjquota', image], {
    encoding: 'utf8',
  });
  assert.equal(made.status, 0, made.stderr);
  mkdirSync(path.join(directory, 'mounted'));
  const answer = spawnSync('mount', ['-o', 'loop,prjquota', image, path.join(directory, 'mounted')], {
    encoding: 'utf8',
  });
  mounted = answer.status === 0;
  return mounted ? undefined : answer.stderr;
}

/** As root without the right to exceed quotas, which no container has. Its last complaint, or ''. */
function write(file: string, mebibytes: number): string {
  const line = ['--bounding-set', '-sys_resource', '--inh-caps', '-sys_resource'];
  const dd = ['dd', 'if=/dev/zero', `of=${file}`, 'bs=1M', `count=${mebibytes}`];
  const answer = spawnSync('setpriv', [...line, ...dd], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  return answer.status === 0 ? '' : answer.stderr;
}

test('a directory holds as much as its project may have, and no more', { timeout }, (t) => {
  const why = mountWithQuotas();
  if (why !== undefined) {
    t.diagnostic(`not applicable: this kernel has no quotas on ext4 (CONFIG_QFMT_V2): ${why.trim()}`);
    return;
  }
  const top = path.join(directory, 'mounted');
  const limited = path.join(top, 'limited');
  for (const one of [limited, path.join(top, 'free')]) mkdirSync(one);
  limitDirectory(limited, project, 3 * 1024 * 1024);
  mkdirSync(path.join(limited, 'inside'));
  assert.deepEqual([write(`${limited}/a`, 1), write(`${limited}/inside/b`, 1)], ['', '']);
  assert.match(write(`${limited}/inside/c`, 2), /Disk quota exceeded/);
  assert.equal(write(`${top}/free/c`, 4), '');
  limitDirectory(limited, project, 8 * 1024 * 1024);
  assert.equal(write(`${limited}/inside/c`, 2), '');
  forgetLimit(top, project);
  assert.equal(write(`${limited}/d`, 9), '');
});

test('a file system without project quotas says so, and nothing is changed', { timeout }, () => {
  const place = path.join(directory, 'plain');
  mkdirSync(place);
  assert.throws(
    () => limitDirectory(place, project, 1),
    (error: NodeJS.ErrnoException) => /^(EOPNOTSUPP|ENOTTY|ESRCH|ENOSYS|EINVAL)$/.test(error.code ?? ''),
  );
  assert.equal(write(path.join(place, 'file'), 1), '');
});
