/** The writable layer of a container: thrown away without a sync, limited where the file system can. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TestAgent } from './agent.ts';

const agent = new TestAgent();
const data = path.join(agent.directory, 'data');
let isLimited = false;

/** The data directory on a file system of its own with project quotas, where this kernel has them. */
before(async () => {
  const image = path.join(agent.directory, 'image');
  spawnSync('modprobe', ['--all', 'loop', 'ext4', 'quota_v2']);
  writeFileSync(image, '');
  truncateSync(image, 256 * 1024 * 1024);
  spawnSync('mkfs.ext4', ['-q', '-O', 'quota,project', '-E', 'quotatype=prjquota', image]);
  mkdirSync(data);
  isLimited = spawnSync('mount', ['-o', 'loop,prjquota', image, data]).status === 0;
  await agent.start();
});

after(async () => {
  await agent.stop();
  if (isLimited) spawnSync('umount', [data]);
  await agent.remove();
});

const containerDirectories = () => readdirSync(path.join(data, 'containers'));

test('what --rm throws away is volatile, also when it is restarted; what stays is not', () => {
  const options = "sed -n 's/^overlay . overlay //p' /proc/mounts";
  assert.match(agent.docker('run', '--rm', 'busybox', 'sh', '-c', options).out, /volatile/);
  assert.doesNotMatch(agent.docker('run', '--name', 'kept', 'busybox', 'sh', '-c', options).out, /volatile/);
  agent.docker('rm', 'kept');
  const { out: id } = agent.docker('run', '-d', '--rm', 'busybox', 'sh', '-c', 'touch /again; sleep 1000');
  assert.equal(agent.docker('restart', '-t', '0', id.trim()).status, 0);
  assert.equal(agent.docker('exec', id.trim(), 'ls', '/again').out, '/again\n');
  agent.docker('rm', '-f', id.trim());
});

test('a size that is none is refused', () => {
  for (const [option, why] of [
    ['size=much', /invalid storage size/],
    ['size=1k', /1M is the least/],
    ['sizes=1G', /unknown storage option/],
  ] as const) {
    const { status, err } = agent.docker('create', '--storage-opt', option, 'busybox');
    assert.notEqual(status, 0);
    assert.match(err, why);
  }
});

test('a create that fails after its layer was made leaves none', (t) => {
  const kept = containerDirectories();
  mkdirSync(path.join(data, 'volumes'), { recursive: true });
  writeFileSync(path.join(data, 'volumes/blocked'), 'not a directory');
  const size = isLimited ? ['--storage-opt', 'size=8M'] : [];
  if (!isLimited) t.diagnostic('this kernel has no project quotas: without a layer of its own at create');
  const { status, err } = agent.docker('create', ...size, '-v', 'blocked:/x', 'busybox');
  rmSync(path.join(data, 'volumes/blocked'));
  assert.notEqual(status, 0);
  assert.match(err, /EEXIST|ENOTDIR/);
  assert.deepEqual(containerDirectories(), kept);
});

test('--storage-opt size limits what a container writes, or is refused with what is missing', (t) => {
  const fill = 'dd if=/dev/zero of=/full bs=1M count=20';
  const { status, err } = agent.docker('run', '--rm', '--storage-opt', 'size=8M', 'busybox', 'sh', '-c', fill);
  assert.notEqual(status, 0);
  if (isLimited) assert.match(err, /Disk quota exceeded|No space left/);
  else {
    t.diagnostic('not applicable: this kernel has no quotas on ext4 (CONFIG_QFMT_V2): the refusal was tried');
    assert.match(err, /needs project quotas.*mounted with prjquota/);
  }
  assert.deepEqual(containerDirectories(), []);
  if (!isLimited) return;
  assert.equal(agent.docker('run', '--rm', '--storage-opt', 'size=40M', 'busybox', 'sh', '-c', fill).status, 0);
  assert.equal(agent.docker('run', '--rm', 'busybox', 'sh', '-c', fill).status, 0);
  assert.ok(existsSync(data));
});
