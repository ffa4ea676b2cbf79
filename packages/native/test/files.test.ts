/** The file browser's verbs: whole or not at all, nothing but files opened, nothing outside, trees of any depth and width. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import {
  closeFd,
  listInRoot,
  makeDirectoryInRoot,
  openFileInRoot,
  openRoot,
  removeInRoot,
  removeTree,
  replaceFileInRoot,
  statInRoot,
  treeSize,
} from '../index.js';

/** In memory where there is such a place: nothing here depends on the disk, and trees are large. */
const base = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'berth-test-files-'));
const top = path.join(base, 'root');
const canary = path.join(base, 'canary');
const inside = (name: string) => path.join(top, name);
const code = (expected: string) => (error: Error) => 'code' in error && error.code === expected;
let root = -1;

beforeEach(() => {
  if (root >= 0) closeFd(root);
  rmSync(top, { recursive: true, force: true });
  mkdirSync(top);
  mkdirSync(canary, { recursive: true });
  writeFileSync(path.join(canary, 'secret'), 'outside');
  root = openRoot(top);
});
after(() => {
  closeFd(root);
  rmSync(base, { recursive: true, force: true });
});

async function replace(name: string, content: string, expected: string | null = null, owner = { uid: 0, gid: 0 }) {
  const staged = path.join(base, 'staged');
  writeFileSync(staged, content);
  const fd = openSync(staged, 'r');
  try {
    return await replaceFileInRoot(root, name, fd, { ...owner, expected });
  } finally {
    closeSync(fd);
  }
}

test('a listing has every kind of entry, by name, and says when it is not all', async () => {
  writeFileSync(inside('file'), '12345');
  mkdirSync(inside('directory'));
  symlinkSync('../../canary/secret', inside('link'));
  spawnSync('mkfifo', [inside('fifo')]);
  spawnSync('mknod', [inside('null'), 'c', '1', '3']);
  writeFileSync(inside('two\nlines'), '');
  const { entries, truncated } = await listInRoot(root, '/', 100);
  assert.equal(truncated, false);
  assert.deepEqual(
    entries.map(({ name, type, linkTarget }) => [name, type, linkTarget]),
    [
      ['directory', 'directory', ''],
      ['fifo', 'fifo', ''],
      ['file', 'file', ''],
      ['link', 'symlink', '../../canary/secret'],
      ['null', 'char', ''],
      ['two\nlines', 'file', ''],
    ],
  );
  const two = await listInRoot(root, '.', 2);
  assert.deepEqual([two.entries.map(({ name }) => name), two.truncated], [['directory', 'fifo'], true]);
  await assert.rejects(listInRoot(root, 'file', 10), code('ENOTDIR'));
  await assert.rejects(listInRoot(root, 'missing', 10), code('ENOENT'));
});

test('of a hundred thousand names the first ones in order come, soon', async () => {
  const script = `import os\nfor n in range(100000): open('${top}/%06d' % (99999 - n), 'w').close()`;
  assert.equal(spawnSync('python3', ['-c', script]).status, 0);
  const began = Date.now();
  const { entries, truncated } = await listInRoot(root, '/', 10_000);
  assert.ok(Date.now() - began < 10_000);
  assert.deepEqual([entries.length, truncated], [10_000, true]);
  assert.deepEqual([entries[0]?.name, entries[9999]?.name], ['000000', '009999']);
  assert.equal((await treeSize(top)).inodes, 100_001);
});

test('only regular files are opened, wherever a link leads', async () => {
  writeFileSync(inside('file'), 'content');
  symlinkSync('/file', inside('link'));
  symlinkSync(path.join(canary, 'secret'), inside('out'));
  symlinkSync('/dev/zero', inside('zero'));
  mkdirSync(inside('dev'));
  spawnSync('mknod', [inside('dev/zero'), 'c', '1', '5']);
  spawnSync('mkfifo', [inside('fifo')]);
  const { fd, sizeBytes } = await openFileInRoot(root, 'link');
  const read = Buffer.alloc(20);
  assert.equal(read.toString('utf8', 0, readSync(fd, read)), 'content');
  assert.equal(sizeBytes, 7);
  closeFd(fd);
  await assert.rejects(openFileInRoot(root, 'out'), code('ENOENT'));
  await assert.rejects(openFileInRoot(root, 'zero'), code('EINVAL'));
  await assert.rejects(openFileInRoot(root, 'fifo'), code('EINVAL'));
  await assert.rejects(openFileInRoot(root, '/'), code('EISDIR'));
});

test('the kernel’s own files are neither read nor written nor removed', async () => {
  const host = openRoot('/');
  try {
    await assert.rejects(openFileInRoot(host, '/proc/kmsg'), code('EPERM'));
    await assert.rejects(openFileInRoot(host, '/proc/1/environ'), code('EPERM'));
    await assert.rejects(openFileInRoot(host, '/sys/kernel/notes'), code('EPERM'));
    await assert.rejects(makeDirectoryInRoot(host, '/sys/fs/cgroup/unified/berth-x', { uid: 0, gid: 0 }));
    await assert.rejects(removeInRoot(host, '/proc/1', { recursive: true }), code('EPERM'));
    await assert.rejects(removeInRoot(host, '/proc', { recursive: true }), code('EBUSY'));
    assert.ok((await listInRoot(host, '/proc', 10)).entries.length > 0);
  } finally {
    closeFd(host);
  }
});

test('a replaced file keeps owner, mode and attributes, loses set-id bits, and is another file', async () => {
  writeFileSync(inside('file'), 'old');
  chownSync(inside('file'), 1000, 2000);
  chmodSync(inside('file'), 0o4751);
  const python = (script: string) => spawnSync('python3', ['-c', `import os\n${script}`], { encoding: 'utf8' });
  const hasAttributes = python(`os.setxattr('${inside('file')}', 'user.kept', b'yes')`).status === 0;
  linkSync(inside('file'), inside('other name'));
  const before = statSync(inside('file'));
  const { version, sizeBytes } = await replace('/file', 'new content');
  const now = statSync(inside('file'));
  assert.deepEqual([now.uid, now.gid, now.mode & 0o7777], [1000, 2000, 0o751]);
  assert.notEqual(now.ino, before.ino);
  assert.equal(readFileSync(inside('file'), 'utf8'), 'new content');
  assert.equal(readFileSync(inside('other name'), 'utf8'), 'old');
  assert.deepEqual([version, sizeBytes], [(await statInRoot(root, 'file')).version, 11]);
  if (hasAttributes) assert.equal(python(`print(os.getxattr('${inside('file')}', 'user.kept'))`).stdout, "b'yes'\n");
  assert.deepEqual(readdirSync(top).sort(), ['file', 'other name']);
});

test('a new file belongs to the owner that was named', async () => {
  await replace('new', 'x', null, { uid: 1234, gid: 1234 });
  const { uid, gid, mode } = statSync(inside('new'));
  assert.deepEqual([uid, gid, mode & 0o7777], [1234, 1234, 0o644]);
  await makeDirectoryInRoot(root, 'made', { uid: 1234, gid: 1234 });
  assert.equal(statSync(inside('made')).uid, 1234);
  await assert.rejects(makeDirectoryInRoot(root, 'made', { uid: 0, gid: 0 }), code('EEXIST'));
  await assert.rejects(makeDirectoryInRoot(root, 'a/b', { uid: 0, gid: 0 }), code('ENOENT'));
});

test('links are written through, inside the root', async () => {
  mkdirSync(inside('a'));
  writeFileSync(inside('a/real'), 'old');
  symlinkSync('../a/real', inside('a/relative'));
  symlinkSync('/a/relative', inside('absolute'));
  symlinkSync(path.join(canary, 'secret'), inside('out'));
  symlinkSync('loop', inside('loop'));
  await replace('absolute', 'new');
  assert.equal(readFileSync(inside('a/real'), 'utf8'), 'new');
  assert.ok(lstatSync(inside('absolute')).isSymbolicLink());
  await assert.rejects(replace('out', 'gone'), code('ENOENT'));
  await assert.rejects(replace('loop', 'gone'), code('ELOOP'));
  assert.equal(readFileSync(path.join(canary, 'secret'), 'utf8'), 'outside');
});

test('who has not seen the last version does not write over it', async () => {
  await replace('file', 'one', '');
  await assert.rejects(replace('file', 'two', ''), code('ESTALE'));
  const { version } = await statInRoot(root, 'file');
  const next = await replace('file', 'two', version);
  await assert.rejects(replace('file', 'three', version), code('ESTALE'));
  await replace('file', 'three', next.version);
  await assert.rejects(replace('missing', 'x', '*'), code('ESTALE'));
  await replace('file', 'four', '*');
  assert.equal(readFileSync(inside('file'), 'utf8'), 'four');
});

test('what is no file is not replaced, and what names no entry is refused', async () => {
  mkdirSync(inside('directory'));
  spawnSync('mkfifo', [inside('fifo')]);
  await assert.rejects(replace('directory', 'x'), code('EISDIR'));
  await assert.rejects(replace('fifo', 'x'), code('EINVAL'));
  for (const name of ['/', '', '.', '..', 'directory/..', 'directory/.'])
    await assert.rejects(replace(name, 'x'), code('EINVAL'), name);
  for (const name of ['/', '', '..', 'directory/..'])
    await assert.rejects(removeInRoot(root, name, { recursive: true }), code('EINVAL'), name);
  assert.deepEqual(readdirSync(top).sort(), ['directory', 'fifo']);
});

test('a removal takes the link and not what it leads to, and a full directory only when asked', async () => {
  mkdirSync(inside('full/deeper'), { recursive: true });
  writeFileSync(inside('full/deeper/file'), 'x');
  symlinkSync(canary, inside('full/out'));
  symlinkSync('full', inside('link'));
  await assert.rejects(removeInRoot(root, 'full', { recursive: false }), code('ENOTEMPTY'));
  await removeInRoot(root, 'link', { recursive: true });
  assert.ok(existsSync(inside('full/deeper/file')));
  await removeInRoot(root, 'full', { recursive: true });
  assert.deepEqual(readdirSync(top), []);
  assert.deepEqual(readdirSync(canary), ['secret']);
  await assert.rejects(removeInRoot(root, 'full', { recursive: true }), code('ENOENT'));
});

test('what is mounted below is neither replaced nor removed', async () => {
  mkdirSync(inside('a/mounted'), { recursive: true });
  writeFileSync(inside('bound'), 'under');
  try {
    assert.equal(spawnSync('mount', ['--bind', canary, inside('a/mounted')]).status, 0);
    assert.equal(spawnSync('mount', ['--bind', path.join(canary, 'secret'), inside('bound')]).status, 0);
    await assert.rejects(removeInRoot(root, 'a', { recursive: true }), code('EBUSY'));
    await assert.rejects(removeInRoot(root, 'a/mounted', { recursive: true }), code('EBUSY'));
    await assert.rejects(removeInRoot(root, 'bound', { recursive: false }), code('EBUSY'));
    await assert.rejects(replace('bound', 'x'), code('EBUSY'));
    assert.deepEqual(readdirSync(canary), ['secret']);
    await replace('a/mounted/secret', 'written');
    assert.equal(readFileSync(path.join(canary, 'secret'), 'utf8'), 'written');
  } finally {
    spawnSync('umount', [inside('a/mounted')]);
    spawnSync('umount', [inside('bound')]);
  }
});

test('a tree deeper than any stack and any limit of descriptors is measured and removed', async () => {
  const depth = 40_000;
  const script = `import os\nos.chdir('${top}')\nfor n in range(${depth}):\n os.mkdir('d'); os.chdir('d')\nopen('last', 'w').write('12345')`;
  assert.equal(spawnSync('python3', ['-c', script]).status, 0);
  assert.deepEqual(await treeSize(top), { bytes: 5, inodes: depth + 2 });
  renameSync(inside('d'), path.join(base, 'deep'));
  await removeTree(path.join(base, 'deep'));
  assert.equal(existsSync(path.join(base, 'deep')), false);
});

test('a file of several names, and a sparse one, are counted once and by their size', async () => {
  writeFileSync(inside('one'), '12345');
  linkSync(inside('one'), inside('two'));
  writeFileSync(inside('sparse'), '');
  truncateSync(inside('sparse'), 2 ** 42);
  symlinkSync('123', inside('link'));
  mkdirSync(inside('empty'));
  assert.deepEqual(await treeSize(top), { bytes: 5 + 2 ** 42 + 3, inodes: 5 });
});
