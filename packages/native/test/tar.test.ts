/** The tar reader against archives that want out, lie, or break off. Canaries stand beside and outside of the root. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { applyTar, closeFd, createTar, openRoot } from '../index.js';
import { archive, type Entry, entry, octal, pax } from './archives.ts';

const base = mkdtempSync(path.join(os.tmpdir(), 'berth-test-tar-'));
const root = path.join(base, 'root');
const canaries = [path.join(base, 'canary'), path.join(base, 'outside/canary')];

beforeEach(() => {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { mode: 0o755 });
  mkdirSync(path.join(base, 'outside'), { recursive: true });
  for (const canary of canaries) writeFileSync(canary, 'alive');
});
after(() => rmSync(base, { recursive: true, force: true }));

async function apply(
  bytes: Buffer,
  limits = { bytesMax: 64 << 20, entriesMax: 1000 },
  mode: 'layer' | 'copy' = 'layer',
) {
  const file = path.join(base, 'archive.tar');
  writeFileSync(file, bytes);
  const fd = openSync(file, 'r');
  const rootFd = openRoot(root);
  try {
    return await applyTar(fd, rootFd, '/', { mode, limits });
  } finally {
    closeFd(rootFd);
    closeSync(fd);
  }
}

/** Whether it is taken or refused: nothing outside the root may change. */
async function stayInside(bytes: Buffer): Promise<string> {
  const before = readdirSync(base).sort();
  const code = await apply(bytes).then(
    () => 'taken',
    (error) => error.code,
  );
  for (const canary of canaries) assert.equal(readFileSync(canary, 'utf8'), 'alive', `${canary} after ${code}`);
  assert.deepEqual(
    readdirSync(base)
      .filter((name) => name !== 'archive.tar')
      .sort(),
    before.filter((name) => name !== 'archive.tar'),
  );
  assert.deepEqual(readdirSync(path.join(base, 'outside')), ['canary']);
  return code;
}

const escapes: Record<string, (Entry | Buffer)[]> = {
  'a name that climbs': [{ name: '../canary', body: 'dead' }],
  'a name that climbs from below': [{ name: 'a/../../canary', body: 'dead' }],
  'an absolute name': [{ name: path.join(base, 'canary'), body: 'dead' }],
  'a file through an absolute symlink': [
    { name: 'way', type: '2', link: path.join(base, 'outside') },
    { name: 'way/canary', body: 'dead' },
  ],
  'a file through a climbing symlink': [
    { name: 'way', type: '2', link: '../outside' },
    { name: 'way/canary', body: 'dead' },
  ],
  'a file over a symlink to outside': [
    { name: 'way', type: '2', link: path.join(base, 'canary') },
    { name: 'way', body: 'dead' },
  ],
  'a directory that becomes a symlink': [
    { name: 'd/', type: '5', mode: 0o755 },
    { name: 'd', type: '2', link: path.join(base, 'outside') },
    { name: 'd/canary', body: 'dead' },
  ],
  'a hard link to outside': [
    { name: 'hard', type: '1', link: '../canary' },
    { name: 'hard', body: 'dead' },
  ],
  'a hard link through a symlink': [
    { name: 'way', type: '2', link: path.join(base, 'outside') },
    { name: 'hard', type: '1', link: 'way/canary' },
    { name: 'hard', body: 'dead' },
  ],
  'a whiteout that climbs': [{ name: '../.wh.canary' }],
  'a whiteout through a symlink': [
    { name: 'way', type: '2', link: path.join(base, 'outside') },
    { name: 'way/.wh.canary' },
  ],
  'a whiteout of the root’s parent': [{ name: '.wh...' }, { name: '.wh..' }, { name: '.wh.' }],
  'an opaque mark through a symlink': [
    { name: 'way', type: '2', link: path.join(base, 'outside') },
    { name: 'way/.wh..wh..opq' },
  ],
  'a PAX path that climbs': [pax({ path: '../canary' }), { name: 'x', body: 'dead' }],
  'a PAX link that climbs': [
    pax({ linkpath: '../canary' }),
    { name: 'hard', type: '1', link: 'x' },
    { name: 'hard', body: 'dead' },
  ],
  'a GNU long name that climbs': [
    { name: '././@LongLink', type: 'L', body: '../canary\0' },
    { name: 'x', body: 'dead' },
  ],
  'a device over the root': [
    { name: './', type: '3' },
    { name: '.', type: '2', link: '/' },
  ],
};

for (const [what, parts] of Object.entries(escapes)) {
  test(`${what} does not lead out of the root`, async () => {
    await stayInside(archive(...parts));
  });
}

const broken: Record<string, Buffer> = {
  'a checksum that is wrong': archive({ name: 'a', body: 'x', checksum: '000000\0 ' }),
  'a body that breaks off': entry({ name: 'a', body: Buffer.alloc(4096) }).subarray(0, 1024),
  'a header that breaks off': Buffer.concat([entry({ name: 'a' }), entry({ name: 'b' }).subarray(0, 100)]),
  'a size that is no number': archive({ name: 'a', size: 'zzzzzzzzzzz\0' }),
  'a negative size': archive({ name: 'a', size: '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xf0' }),
  'a size beyond the archive': archive({ name: 'a', size: octal(1 << 20, 12), body: 'x' }),
  'PAX records that lie about their length': archive(entry({ name: 'p', type: 'x', body: '99999 path=a\n' }), {
    name: 'a',
  }),
  'text that is no archive': Buffer.from('this is not a tar archive at all\n'.repeat(40)),
};

for (const [what, bytes] of Object.entries(broken)) {
  test(`${what} is a broken archive`, async () => {
    const code = await stayInside(bytes);
    assert.ok(['EBADMSG', 'EFBIG', 'EINVAL'].includes(code), code);
  });
}

test('more bytes than allowed are refused, also when the header alone says so', async () => {
  const limits = { bytesMax: 10_000, entriesMax: 100 };
  await assert.rejects(apply(archive({ name: 'big', body: Buffer.alloc(20_000) }), limits), { code: 'EFBIG' });
  const many = Array.from({ length: 5 }, (_, at) => ({ name: `f${at}`, body: Buffer.alloc(3000) }));
  await assert.rejects(apply(archive(...many), limits), { code: 'EFBIG' });
});

test('more entries than allowed are refused', async () => {
  const many = Array.from({ length: 50 }, (_, at) => ({ name: `f${at}` }));
  await assert.rejects(apply(archive(...many), { bytesMax: 1 << 20, entriesMax: 20 }), { code: 'EFBIG' });
});

test('an image cannot set what overlayfs reads', async () => {
  const attributes = { 'SCHILY.xattr.trusted.overlay.redirect': '/etc', 'SCHILY.xattr.trusted.overlay.opaque': 'y' };
  await apply(archive(pax(attributes), { name: 'd/', type: '5', mode: 0o755 })).catch(() => undefined);
  const shown = spawnSync('getfattr', ['--absolute-names', '-m', 'trusted.overlay', path.join(root, 'd')], {
    encoding: 'utf8',
  });
  assert.equal(shown.stdout ?? '', '');
});

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
