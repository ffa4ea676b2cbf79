/** The tar reader against archives that want out, lie, or break off. Canaries stand beside and outside of the root. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { closeFd, createTar, openRoot } from '../index.js';
import { archive } from './archives.ts';
import { Stage } from './stage.ts';

const stage = new Stage('tar');
const { base, root } = stage;
beforeEach(() => stage.reset());
after(() => stage.remove());
const apply = stage.apply.bind(stage);

test('whiteouts and opaque marks become overlayfs’s own', async () => {
  await apply(archive({ name: 'd/', type: '5', mode: 0o755 }, { name: 'd/.wh..wh..opq' }, { name: '.wh.gone' }));
  const gone = lstatSync(path.join(root, 'gone'));
  assert.ok(gone.isCharacterDevice() && gone.rdev === 0);
  assert.ok(!existsSync(path.join(root, '.wh.gone')) && !existsSync(path.join(root, 'd/.wh..wh..opq')));
});

test('an absolute symlink keeps its meaning inside the root', async () => {
  mkdirSync(path.join(root, 'usr/lib'), { recursive: true });
  await apply(archive({ name: 'lib', type: '2', link: '/usr/lib' }, { name: 'lib/file', body: 'inside' }));
  assert.equal(readFileSync(path.join(root, 'usr/lib/file'), 'utf8'), 'inside');
});

test('modes, owners, setuid bits, fifos and devices are as in the layer', async () => {
  await apply(
    archive(
      { name: 'su', mode: 0o4755, uid: 1000 },
      { name: 'pipe', type: '6' },
      { name: 'locked/', type: '5', mode: 0 },
      { name: 'locked/in', body: 'x' },
    ),
  );
  const su = statSync(path.join(root, 'su'));
  assert.equal(su.mode & 0o7777, 0o4755);
  assert.equal(su.uid, 1000);
  assert.ok(lstatSync(path.join(root, 'pipe')).isFIFO());
  assert.equal(readFileSync(path.join(root, 'locked/in'), 'utf8'), 'x');
});

test('what one writes the other reads, and GNU tar reads it too', async () => {
  const from = path.join(root, 'from');
  mkdirSync(path.join(from, 'deep', 'n'.repeat(120)), { recursive: true });
  writeFileSync(path.join(from, 'deep', 'n'.repeat(120), 'm'.repeat(200)), 'long');
  writeFileSync(path.join(from, 'big'), Buffer.alloc(5 << 20, 7));
  symlinkSync('../big', path.join(from, 'deep/link'));
  spawnSync('ln', [path.join(from, 'big'), path.join(from, 'hard')]);
  const file = path.join(base, 'made.tar');
  const fd = openSync(file, 'w');
  const rootFd = openRoot(root);
  try {
    await createTar(fd, rootFd, '/from', { name: 'copy', mode: 'copy' });
  } finally {
    closeSync(fd);
    closeFd(rootFd);
  }
  const listed = spawnSync('tar', ['-tf', file], { encoding: 'utf8' });
  assert.equal(listed.status, 0, listed.stderr);
  await apply(readFileSync(file), { bytesMax: 64 << 20, entriesMax: 100 }, 'copy');
  rmSync(file);
  const difference = spawnSync('diff', ['-r', from, path.join(root, 'copy')], { encoding: 'utf8' });
  assert.equal(difference.stdout, '');
  assert.equal(statSync(path.join(root, 'copy/hard')).ino, statSync(path.join(root, 'copy/big')).ino);
});

for (const format of ['gnu', 'pax', 'ustar']) {
  test(`GNU tar’s ${format} archives are read`, async () => {
    const from = path.join(base, 'outside');
    const made = spawnSync('tar', ['-C', base, `--format=${format}`, '-cf', '-', 'outside']);
    await apply(made.stdout);
    assert.equal(
      readFileSync(path.join(root, 'outside/canary'), 'utf8'),
      readFileSync(path.join(from, 'canary'), 'utf8'),
    );
  });
}
