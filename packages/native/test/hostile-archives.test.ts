/** Archives that want out of the root, hide what they do, or want more than there is. Canaries stand outside. */
import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { archive, type Entry, entry, pax } from './archives.ts';
import { Stage } from './stage.ts';

const stage = new Stage('hostile');
const { base, root, outside } = stage;
beforeEach(() => stage.reset());
after(() => stage.remove());

const at = (name: string) => path.join(root, name);
const text = (name: string) => readFileSync(at(name), 'utf8');
const inode = (name: string) => lstatSync(at(name)).ino;
const isSame = (one: string, other: string) => () => assert.equal(inode(one), inode(other), `${one} is not ${other}`);
const has = (name: string, content: string) => () => assert.equal(text(name), content);
const isWhiteout = (name: string) => {
  const stat = lstatSync(at(name));
  return stat.isCharacterDevice() && stat.rdev === 0;
};
const hides = (name: string) => () => assert.ok(isWhiteout(name), `${name} is no whiteout`);

const both = (one: () => void, other: () => void) => () => {
  one();
  other();
};

type Parts = (Entry | Buffer)[];
const dir = (name: string, mode = 0o755): Entry => ({ name, type: '5', mode });
const file = (name: string, body: string): Entry => ({ name, body });
const soft = (link: string, name: string): Entry => ({ name, type: '2', link });
const hard = (link: string, name: string): Entry => ({ name, type: '1', link });
const etc = [dir('etc'), file('/etc/passwd', 'inside')];

/** What containerd's TestBreakouts tries, by its names: what is applied, and what has come of it. */
const breakouts: Record<string, { parts: Parts; code?: string; check?: () => void }> = {
  SymlinkAbsolute: {
    parts: [dir('etc'), soft('/etc', 'localetc'), file('/localetc/unbroken', 'unbroken')],
    check: has('etc/unbroken', 'unbroken'),
  },
  SymlinkUpAndOut: {
    parts: [dir('etc'), dir('dummy'), soft('/dummy/../etc', 'localetc'), file('/localetc/unbroken', 'unbroken')],
    check: has('etc/unbroken', 'unbroken'),
  },
  SymlinkMultipleAbsolute: {
    parts: [
      dir('etc'),
      dir('dummy'),
      soft('/etc', '/dummy/etc'),
      soft('/dummy/etc', 'localetc'),
      file('/localetc/unbroken', 'unbroken'),
    ],
    check: has('etc/unbroken', 'unbroken'),
  },
  SymlinkMultipleRelative: {
    parts: [
      dir('etc'),
      dir('dummy'),
      soft('/etc', '/dummy/etc'),
      soft('./dummy/etc', 'localetc'),
      file('/localetc/unbroken', 'unbroken'),
    ],
    check: has('etc/unbroken', 'unbroken'),
  },
  SymlinkEmptyFile: {
    parts: [dir('etc'), file('etc/emptied', 'notempty'), soft('/etc', 'localetc'), file('/localetc/emptied', '')],
    check: has('etc/emptied', ''),
  },
  SymlinkParentDirectory: { parts: [...etc, soft('/etc/', '..'), hard('/etc/passwd', 'localpasswd')], code: 'EBADMSG' },
  SymlinkEmptyFilename: { parts: [...etc, soft('/etc/', ''), hard('/etc/passwd', 'localpasswd')], code: 'EBADMSG' },
  SymlinkParentRelative: {
    parts: [...etc, soft('/etc/', 'localetc/sub/..'), hard('/etc/passwd', '/localetc/localpasswd')],
    check: isSame('etc/localpasswd', 'etc/passwd'),
  },
  SymlinkSlashEnded: {
    parts: [...etc, dir('localetc/'), hard('/etc/passwd', '/localetc/localpasswd')],
    check: isSame('localetc/localpasswd', 'etc/passwd'),
  },
  SymlinkOverrideDirectory: {
    parts: [...etc, dir('localetc'), soft('/etc', 'localetc'), hard('/etc/passwd', '/localetc/localpasswd')],
    check: isSame('etc/localpasswd', 'etc/passwd'),
  },
  SymlinkOverrideDirectoryRelative: {
    parts: [...etc, dir('localetc'), soft('../../etc', 'localetc'), hard('/etc/passwd', '/localetc/localpasswd')],
    check: isSame('etc/localpasswd', 'etc/passwd'),
  },
  SymlinkOverridePath: {
    parts: [...etc, dir('a/b'), file('a/b/f', 'x'), soft('/etc', 'a'), file('a/b/passwd', 'new')],
    check: () => assert.deepEqual([text('etc/b/passwd'), text('etc/passwd')], ['new', 'inside']),
  },
  HardlinkRelative: {
    parts: [...etc, dir('breakouts'), soft('../../etc', 'breakouts/d1'), hard('/breakouts/d1/passwd', 'breakouts/my')],
    check: isSame('breakouts/my', 'etc/passwd'),
  },
  HardlinkDownAndOut: {
    parts: [
      ...etc,
      dir('breakouts'),
      dir('downandout'),
      soft('../downandout/../../etc', 'breakouts/d1'),
      hard('/breakouts/d1/passwd', 'breakouts/my'),
    ],
    check: isSame('breakouts/my', 'etc/passwd'),
  },
  HardlinkAbsolute: {
    parts: [...etc, soft('/etc', 'localetc'), hard('/localetc/passwd', 'localpasswd')],
    check: isSame('localpasswd', 'etc/passwd'),
  },
  HardlinkRelativeLong: {
    parts: [...etc, soft('../../../../../../../etc', 'localetc'), hard('/localetc/passwd', 'localpasswd')],
    check: isSame('localpasswd', 'etc/passwd'),
  },
  HardlinkRelativeUpAndOut: {
    parts: [
      ...etc,
      dir('upandout'),
      soft('upandout/../../../etc', 'localetc'),
      hard('/localetc/passwd', 'localpasswd'),
    ],
    check: isSame('localpasswd', 'etc/passwd'),
  },
  HardlinkDirectRelative: {
    parts: [...etc, hard('../../../../../etc/passwd', 'localpasswd')],
    check: isSame('localpasswd', 'etc/passwd'),
  },
  HardlinkDirectAbsolute: {
    parts: [...etc, hard('/etc/passwd', 'localpasswd')],
    check: isSame('localpasswd', 'etc/passwd'),
  },
  HardlinkSymlinkBeforeCreateTarget: {
    parts: [dir('etc'), soft('/etc/passwd', 'localpasswd'), hard('localpasswd', 'dup'), file('/etc/passwd', 'after')],
    check: () => {
      assert.deepEqual([readlinkSync(at('dup')), text('etc/passwd')], ['/etc/passwd', 'after']);
      isSame('dup', 'localpasswd')();
    },
  },
  HardlinkSymlinkRelative: {
    parts: [...etc, soft('../../../../../etc/passwd', 'passwdlink'), hard('/passwdlink', 'localpasswd')],
    check: isSame('localpasswd', 'passwdlink'),
  },
  HardlinkSymlinkAbsolute: {
    parts: [...etc, soft('/etc/passwd', 'passwdlink'), hard('/passwdlink', 'localpasswd')],
    check: isSame('localpasswd', 'passwdlink'),
  },
  // The canary's own path, as a link in the archive: neither its mode nor its owner may change.
  HardlinkSymlinkChmod: {
    parts: [
      soft(path.join(base, 'canary'), path.join(outside, 'link')),
      { ...hard(path.join(outside, 'link'), 'sketchy'), mode: 0o777, uid: 1000 },
    ],
    check: () => assert.equal(readlinkSync(at('sketchy')), path.join(base, 'canary')),
  },
  DirectoryOverrideSymlink: {
    parts: [...etc, soft('/etc', 'localetc'), dir('/localetc/'), hard('/etc/passwd', '/localetc/localpasswd')],
    check: () => {
      assert.ok(lstatSync(at('localetc')).isDirectory());
      isSame('localetc/localpasswd', 'etc/passwd')();
    },
  },
  DirectoryOverrideSymlinkAndHardlink: {
    parts: [
      ...etc,
      soft('etc', 'localetc'),
      hard('/etc/passwd', '/localetc/localpasswd'),
      dir('/localetc/'),
      file('/localetc/localpasswd', 'different'),
    ],
    check: () => assert.deepEqual([text('localetc/localpasswd'), text('etc/passwd')], ['different', 'inside']),
  },
  WhiteoutRootParent: { parts: [...etc, file('.wh...', '')], code: 'EBADMSG' },
  WhiteoutParent: { parts: [...etc, file('etc/.wh...', '')], code: 'EBADMSG' },
  WhiteoutRoot: { parts: [...etc, file('.wh..', '')], code: 'EBADMSG' },
  WhiteoutCurrentDirectory: { parts: [...etc, file('etc/.wh..', '')], code: 'EBADMSG' },
  WhiteoutSymlink: {
    parts: [...etc, file('.wh.localetc', '')],
    check: both(hides('localetc'), has('etc/passwd', 'inside')),
  },
  WhiteoutSymlinkPath: {
    parts: [...etc, soft('/etc', 'localetc'), file('localetc/.wh.whitedout', '')],
    check: both(hides('etc/whitedout'), has('etc/passwd', 'inside')),
  },
  WhiteoutDirectoryName: {
    parts: [...etc, file('.wh.etc/somefile', 'non-empty')],
    check: both(has('etc/passwd', 'inside'), has('.wh.etc/somefile', 'non-empty')),
  },
  WhiteoutDeadSymlinkParent: {
    parts: [...etc, soft('/dne', 'localetc'), file('localetc/.wh.etc', '')],
    check: both(hides('dne/etc'), has('etc/passwd', 'inside')),
  },
  WhiteoutRelativePath: {
    parts: [soft('/dne', 'localetc'), file('dne/../.wh.etc', '')],
    check: hides('etc'),
  },
};

assert.equal(Object.keys(breakouts).length, 34);
for (const [name, { parts, code = 'taken', check }] of Object.entries(breakouts)) {
  test(`breakout ${name}`, async () => {
    assert.equal(await stage.stayInside(archive(...parts)), code);
    check?.();
  });
}

/** Whether these are taken or refused is not the point: they name the canaries. */
const climbs: Record<string, Parts> = {
  'a name that climbs': [file('../canary', 'dead')],
  'a name that climbs from below': [file('a/../../canary', 'dead')],
  'a name with dots everywhere': [file('./.././/..//./../canary', 'dead')],
  'an absolute name': [file(path.join(base, 'canary'), 'dead')],
  'a file through an absolute symlink': [soft(outside, 'way'), file('way/canary', 'dead')],
  'a file through a climbing symlink': [soft('../outside', 'way'), file('way/canary', 'dead')],
  'a file through a chain of symlinks': [
    soft('..', 'up'),
    soft('up/..', 'upper'),
    soft('upper/../outside', 'way'),
    file('way/canary', 'dead'),
  ],
  'a file over a symlink to outside': [soft(path.join(base, 'canary'), 'way'), file('way', 'dead')],
  'a directory over a symlink to outside': [soft(outside, 'way'), dir('way', 0o777), file('way/canary', 'dead')],
  'a directory that becomes a symlink': [dir('d'), soft(outside, 'd'), file('d/canary', 'dead')],
  'a directory in use that becomes a symlink': [
    dir('d/e'),
    file('d/e/f', 'x'),
    soft(base, 'd'),
    file('d/e/f', 'y'),
    file('d/canary', 'dead'),
  ],
  'a symlink that becomes a directory and a symlink again': [
    soft(outside, 'd'),
    dir('d'),
    file('d/canary', 'fine'),
    soft('../outside', 'd'),
    file('d/canary', 'dead'),
  ],
  'a directory on the way that becomes a symlink': [
    dir('a/b'),
    file('a/b/one', '1'),
    soft('../outside', 'a'),
    file('a/b/two', '2'),
    file('a/canary', 'dead'),
  ],
  'a hard link to outside': [hard('../canary', 'hard'), file('hard', 'dead')],
  'a hard link to outside, absolute': [hard(path.join(base, 'canary'), 'hard'), file('hard', 'dead')],
  'a hard link through a symlink': [soft(outside, 'way'), hard('way/canary', 'hard'), file('hard', 'dead')],
  'a hard link to a symlink to outside': [
    soft(path.join(base, 'canary'), 'way'),
    { ...hard('way', 'hard'), mode: 0o777 },
    { name: 'hard', body: 'dead', mode: 0o777 },
  ],
  'a hard link whose parent is outside': [hard('etc', '../hard'), file('../hard/canary', 'dead')],
  'a whiteout that climbs': [file('../.wh.canary', '')],
  'a whiteout with a slash in what it hides': [file('.wh.../canary', '')],
  'a whiteout through a symlink': [soft(outside, 'way'), file('way/.wh.canary', '')],
  'a whiteout of a symlink to outside': [soft(outside, 'way'), file('.wh.way', '')],
  'an opaque mark through a symlink': [soft(outside, 'way'), file('way/.wh..wh..opq', '')],
  'a PAX path that climbs': [pax({ path: '../canary' }), file('x', 'dead')],
  'a PAX link that climbs': [pax({ linkpath: '../canary' }), hard('x', 'hard'), file('hard', 'dead')],
  'a GNU long name that climbs': [{ name: '././@LongLink', type: 'L', body: '../canary\0' }, file('x', 'dead')],
  'a GNU long link that climbs': [
    { name: '././@LongLink', type: 'K', body: '../outside\0' },
    soft('x', 'way'),
    file('way/canary', 'dead'),
  ],
  'a global PAX path that climbs': [pax({ path: '../canary' }, 'g'), file('x', 'dead')],
  'a sparse name that climbs': [
    pax({ 'GNU.sparse.name': '../canary', 'GNU.sparse.size': '4', 'GNU.sparse.map': '0,4' }),
    file('x', 'dead'),
  ],
  'a USTAR prefix that climbs': [{ name: 'canary', body: 'dead', patch: (header) => header.write('..', 345) }],
  'a device over the root': [{ name: './', type: '3' }, soft('/', '.')],
  'a mode for a symlink to outside': [
    soft(path.join(base, 'canary'), 'way'),
    { ...soft(path.join(base, 'canary'), 'way'), mode: 0o4777, uid: 1000 },
  ],
  'attributes for a symlink to outside': [
    pax({ 'SCHILY.xattr.user.mark': 'x' }),
    soft(path.join(base, 'canary'), 'way'),
  ],
  '/proc/self of the agent': [soft('/proc/self/cwd', 'way'), file('way/canary', 'dead'), soft('/proc/1/root', 'w2')],
};

for (const [what, parts] of Object.entries(climbs)) {
  test(`${what} does not lead out of the root`, async () => {
    await stage.stayInside(archive(...parts));
  });
}

/** Names that are not what they look like: where the file is afterwards, or the error's code. */
const names: Record<string, [Parts, string]> = {
  'a name of dots': [[file('.', 'x')], 'EBADMSG'],
  'an empty name': [[file('', 'x')], 'EBADMSG'],
  'only slashes': [[{ name: '///', type: '2', link: 'x' }], 'EBADMSG'],
  'only slashes, as a directory': [[{ name: '///', type: '5', mode: 0o700 }], '.'],
  'a trailing slash': [[{ name: 'd/', mode: 0o755 }], 'd'],
  'dots between': [[file('./a/.//b/../c', 'x')], 'a/c'],
  'a newline': [[file('a\nb', 'x')], 'a\nb'],
  'a backslash and a colon': [[file('C:\\..\\x', 'x')], 'C:\\..\\x'],
  'bytes that are no UTF-8': [[{ name: Buffer.from([0x61, 0xff, 0xfe]), body: 'x' }], 'taken'],
  'a NUL within a PAX path': [[pax({ path: 'a\0b' }), file('x', 'x')], 'EBADMSG'],
  'a NUL within a PAX link': [[pax({ linkpath: 'a\0b' }), soft('x', 'l')], 'EBADMSG'],
  'a NUL within a header’s name ends it': [[file('a\0b', 'x')], 'a'],
  '4,095 bytes': [[pax({ path: `${'d/'.repeat(400)}${'./'.repeat(1647)}f` }), file('x', 'x')], `${'d/'.repeat(400)}f`],
  '4,096 bytes': [
    [pax({ path: `${'d/'.repeat(400)}${'./'.repeat(1648)}f`.slice(0, 4096) }), file('x', 'x')],
    'ENAMETOOLONG',
  ],
  'a GNU name of 64 KiB': [[{ name: 'L', type: 'L', body: 'n'.repeat(65_536) }, file('x', 'x')], 'ENAMETOOLONG'],
  'a part of 255 bytes': [[pax({ path: 'n'.repeat(255) }), file('x', 'x')], 'n'.repeat(255)],
  'a part of 256 bytes': [[pax({ path: 'n'.repeat(256) }), file('x', 'x')], 'ENAMETOOLONG'],
  'a parent of 256 bytes': [[pax({ path: `${'n'.repeat(256)}/f` }), file('x', 'x')], 'ENAMETOOLONG'],
  '512 directories': [[pax({ path: `${'d/'.repeat(511)}f` }), file('x', 'x')], `${'d/'.repeat(511)}f`],
  '513 directories': [[pax({ path: `${'d/'.repeat(512)}f` }), file('x', 'x')], 'ENAMETOOLONG'],
  'a PAX name, a GNU name and the header’s do not agree: the last that is said': [
    [{ name: 'L', type: 'L', body: 'gnu\0' }, pax({ path: 'pax' }), file('header', 'x')],
    'pax',
  ],
  'a GNU name after a PAX name': [
    [pax({ path: 'pax' }), { name: 'L', type: 'L', body: 'gnu\0' }, file('header', 'x')],
    'gnu',
  ],
  'a file below a file': [[file('a', 'x'), file('a/b', 'x')], 'EBADMSG'],
  'a file below a FIFO': [[{ name: 'a', type: '6' }, file('a/b', 'x')], 'EBADMSG'],
  'a file below a symlink to itself': [[soft('a', 'a'), file('a/b', 'x')], 'EBADMSG'],
  'a file below symlinks that go round': [[soft('b/x', 'a'), soft('a/x', 'b'), file('a/y', 'x')], 'EBADMSG'],
  'a symlink to nothing': [[soft('', 'a')], 'EBADMSG'],
  'a symlink of 4,095 bytes': [[pax({ linkpath: 'l'.repeat(4095) }), soft('x', 'a')], 'a'],
  'a symlink of 4,096 bytes': [[pax({ linkpath: 'l'.repeat(4096) }), soft('x', 'a')], 'ENAMETOOLONG'],
};

for (const [what, [parts, result]] of Object.entries(names)) {
  test(`name: ${what}`, async () => {
    const code = await stage.stayInside(archive(...parts));
    if (/^E[A-Z]+$/.test(result) || result === 'taken') assert.equal(code, result);
    else assert.ok(code === 'taken' && lstatSync(at(result)), `${code}: ${result} is not there`);
  });
}

const links: Record<string, [Parts, string]> = {
  'to itself, of a file that is there': [[file('a', 'x'), hard('a', 'a')], 'taken'],
  'to itself, of nothing': [[hard('a', 'a')], 'EBADMSG'],
  'to a later entry': [[hard('b', 'a'), file('b', 'x')], 'EBADMSG'],
  'to a directory': [[dir('d'), hard('d', 'a')], 'EBADMSG'],
  'to the root': [[hard('/', 'a')], 'EBADMSG'],
  'to nothing': [[hard('', 'a')], 'EBADMSG'],
  'to a whiteout': [[file('.wh.gone', ''), hard('gone', 'a')], 'EBADMSG'],
  'below a file': [[file('f', 'x'), hard('f/x', 'a')], 'EBADMSG'],
  'over a directory': [[file('f', 'x'), dir('d'), file('d/in', 'x'), hard('f', 'd')], 'taken'],
  'to what is below the place it takes': [[dir('d'), file('d/in', 'x'), hard('d/in', 'd')], 'ENOENT'],
};
for (const [what, [parts, result]] of Object.entries(links)) {
  test(`hard link ${what}`, async () => {
    assert.equal(await stage.stayInside(archive(...parts)), result);
  });
}

test('a hard link that carries its target’s size has no content of its own', async () => {
  const parts = [file('f', 'content'), { ...hard('f', 'l'), size: '00000000007\0' }, file('after', 'x')];
  assert.equal(await stage.stayInside(archive(...parts)), 'taken');
  assert.deepEqual([text('l'), text('after')], ['content', 'x']);
});

test('a hard link does not change the mode or owner of what it links', async () => {
  await stage.apply(archive(file('f', 'x'), { ...hard('f', 'l'), mode: 0o4777, uid: 1000 }));
  assert.deepEqual([statSync(at('f')).mode & 0o7777, statSync(at('f')).uid], [0o644, 0]);
});

test('writing to one of two hard links makes a new file, as overwriting does everywhere', async () => {
  await stage.apply(archive(file('f', 'first'), hard('f', 'l'), file('f', 'second')));
  assert.deepEqual([text('f'), text('l')], ['second', 'first']);
});

test('links keep their meaning below a root: absolute, climbing, dangling', async () => {
  await stage.apply(
    archive(
      dir('run'),
      dir('var'),
      soft('/run', 'var/run'),
      soft('../../../../run', 'var/up'),
      soft('/made/later', 'var/later'),
      file('var/run/a', '1'),
      file('var/up/b', '2'),
      file('var/later/c', '3'),
    ),
  );
  assert.deepEqual([text('run/a'), text('run/b'), text('made/later/c')], ['1', '2', '3']);
});

// ---- whiteouts

test('a whiteout counts for the layers below alone, whatever its order', async () => {
  await stage.apply(
    archive(
      file('.wh.late', ''),
      file('late', 'x'),
      file('early', 'x'),
      file('.wh.early', ''),
      file('.wh.gone', ''),
      dir('newdir'),
      file('newdir/in', 'x'),
      file('.wh.newdir', ''),
      file('.wh.olddir', ''),
      dir('olddir'),
      file('olddir/in', 'x'),
      file('.wh.implied', ''),
      file('implied/in', 'x'),
      soft('late', 'link'),
      file('.wh.link', ''),
    ),
  );
  assert.deepEqual([text('late'), text('early'), readlinkSync(at('link'))], ['x', 'x', 'late']);
  assert.ok(isWhiteout('gone'));
  for (const name of ['newdir', 'olddir', 'implied']) {
    assert.equal(text(`${name}/in`), 'x');
    assert.equal(stage.xattrs(name)['trusted.overlay.opaque'], 'y', name);
  }
});

test('an opaque mark counts for its directory, early, late, twice, or without an entry for it', async () => {
  await stage.apply(
    archive(
      dir('early'),
      file('early/.wh..wh..opq', ''),
      file('early/in', 'x'),
      dir('late'),
      file('late/in', 'x'),
      file('late/.wh..wh..opq', ''),
      file('late/.wh..wh..opq', ''),
      file('implied/.wh..wh..opq', ''),
      file('first/.wh..wh..opq', ''),
      dir('first'),
      file('.wh..wh..opq', ''),
    ),
  );
  for (const name of ['early', 'late', 'implied', 'first', '.'])
    assert.equal(stage.xattrs(name)['trusted.overlay.opaque'], 'y', name);
  assert.deepEqual([text('early/in'), text('late/in')], ['x', 'x']);
});

test('aufs’ other marks leave nothing behind', async () => {
  const marks = ['.wh..wh.plnk', '.wh..wh.aufs', '.wh..wh.orph'];
  await stage.apply(archive(...marks.map((name) => file(name, 'x')), { name: 'd/.wh..wh.plnk/', type: '5' }));
  for (const name of [...marks, 'd/.wh..wh.plnk']) assert.ok(!existsSync(at(name)), name);
});

test('character device 0:0 is no whiteout in disguise', async () => {
  const parts = [{ name: 'etc', type: '3', device: [0, 0] satisfies [number, number] }];
  assert.equal(await stage.stayInside(archive(...parts)), 'EBADMSG');
});

test('copying is not a layer: its whiteouts are plain files', async () => {
  await stage.apply(archive(file('.wh.a', 'x'), file('.wh..wh..opq', 'y')), undefined, 'copy');
  assert.deepEqual([text('.wh.a'), text('.wh..wh..opq')], ['x', 'y']);
});

// ---- extended attributes

test('what overlayfs, SELinux and others trust is never taken from an archive', async () => {
  const hostile = [
    'trusted.overlay.redirect',
    'trusted.overlay.opaque',
    'trusted.overlay.metacopy',
    'trusted.overlay.origin',
    'trusted.overlay.overlay.opaque',
    'trusted.other',
    'user.overlay.redirect',
    'user.overlay.opaque',
    'user.overlay.whiteout',
    'security.selinux',
    'security.ima',
    'security.evm',
    'system.unknown',
    'nonsense',
    '',
  ];
  const records = Object.fromEntries(hostile.map((name) => [`SCHILY.xattr.${name}`, 'y']));
  await stage.apply(archive(pax(records), dir('d'), pax(records), file('f', 'x'), pax(records), soft('f', 'l')));
  for (const name of ['d', 'f', 'l']) {
    const kept = Object.keys(stage.xattrs(name)).filter((attribute) => attribute !== 'security.selinux');
    assert.deepEqual(kept, [], name);
  }
});

test('an attribute that the kernel does not take is named', async () => {
  const bytes = archive(pax({ 'SCHILY.xattr.security.capability': 'nonsense' }), file('bin/ping', 'x'));
  await assert.rejects(stage.apply(bytes), { code: 'EINVAL', message: /security\.capability.*'bin\/ping'/ });
});

test('an ACL for new files of a directory is not inherited by what the archive has in it', async () => {
  // Version 2; user::rwx, user:1000:rwx, group::r-x, mask::rwx, other::r-x
  const id = (value: number) => [value & 255, value >> 8, value >> 16, value >>> 24];
  const one = (tag: number, rights: number, who = 0xffffffff) => [tag, 0, rights, 0, ...id(who)];
  const acl = Buffer.from([2, 0, 0, 0, ...one(1, 7), ...one(2, 7, 1000), ...one(4, 5), ...one(16, 7), ...one(32, 5)]);
  const records = { 'SCHILY.xattr.system.posix_acl_default': acl };
  const bytes = archive(pax(records), dir('d'), { name: 'd/f', body: 'x', mode: 0o640 }, dir('d/sub', 0o750));
  await stage.apply(bytes);
  assert.ok('system.posix_acl_default' in stage.xattrs('d'));
  assert.deepEqual(Object.keys(stage.xattrs('d/f')), []);
  assert.deepEqual(Object.keys(stage.xattrs('d/sub')), []);
  assert.deepEqual([statSync(at('d/f')).mode & 0o777, statSync(at('d/sub')).mode & 0o777], [0o640, 0o750]);
});

// ---- more than there is

const limits = { bytesMax: 10_000, entriesMax: 20 };
const bombs: Record<string, [Buffer, string, RegExp]> = {
  'a file larger than allowed': [archive(file('big', 'x'.repeat(20_000))), 'EFBIG', /bytesMax 10000.*'big'/],
  'a header that says so alone': [entry({ name: 'big', size: '77777777777\0' }), 'EFBIG', /bytesMax.*'big'/],
  'many files that are too large together': [
    archive(...Array.from({ length: 5 }, (_, i) => file(`f${i}`, 'x'.repeat(3000)))),
    'EFBIG',
    /bytesMax.*'f3'/,
  ],
  'many empty files': [
    archive(...Array.from({ length: 30 }, (_, i) => file(`f${i}`, ''))),
    'EFBIG',
    /entriesMax 20.*'f20'/,
  ],
  'one file many times': [archive(...Array.from({ length: 30 }, () => file('f', ''))), 'EFBIG', /entriesMax/],
  'a hole larger than allowed': [
    archive(pax({ 'GNU.sparse.size': '999999999999', 'GNU.sparse.map': '0,1' }), file('hole', 'x')),
    'EFBIG',
    /bytesMax.*'hole'/,
  ],
  'a size of 2^63 - 1': [
    archive({ name: 'big', size: Buffer.from([0x80, 0, 0, 0, 0x7f, ...Array(7).fill(0xff)]) }),
    'EFBIG',
    /bytesMax/,
  ],
  'an extended header of 2 MiB': [
    archive(pax({ comment: 'x'.repeat(2 << 20) }), file('f', '')),
    'EFBIG',
    /extended headers/,
  ],
  'extended headers without end': [
    archive(...Array.from({ length: 3000 }, () => pax({ comment: 'x' })), file('f', '')),
    'EFBIG',
    /extended headers/,
  ],
  'more attributes than allowed': [
    archive(
      pax(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`SCHILY.xattr.user.${i}`, 'x']))),
      file('f', ''),
    ),
    'EBADMSG',
    /extended attributes/,
  ],
  'an attribute of 100 KiB': [
    archive(pax({ 'SCHILY.xattr.user.a': 'x'.repeat(100 << 10) }), file('f', '')),
    'EBADMSG',
    /extended attributes/,
  ],
};
for (const [what, [bytes, code, message]] of Object.entries(bombs)) {
  test(`${what} is refused by name`, async () => {
    await assert.rejects(stage.apply(bytes, limits), { code, message });
  });
}

test('a chain of symlinks longer than the kernel follows is refused', async () => {
  const chain = Array.from({ length: 60 }, (_, i) => soft(i === 0 ? 'end' : `l${i - 1}`, `l${i}`));
  assert.equal(await stage.stayInside(archive(dir('end'), ...chain, file('l59/f', 'x'))), 'EBADMSG');
});

test('ids that a container does not have are refused by name, those it has are kept', async () => {
  await stage.apply(archive({ name: 'ok', uid: 65_535, gid: 65_535 }));
  assert.deepEqual([statSync(at('ok')).uid, statSync(at('ok')).gid], [65_535, 65_535]);
  await assert.rejects(stage.apply(archive({ name: 'u', uid: 65_536 })), { code: 'EOVERFLOW', message: /65536.*'u'/ });
  for (const id of ['4294967295', '4294967296', '999999999999999999']) {
    const bytes = archive(pax({ uid: id }), file('u', ''));
    await assert.rejects(stage.apply(bytes), { code: 'EOVERFLOW', message: new RegExp(`user ${id}.*'u'`) });
  }
});

// ---- what stood there before

test('of two entries for one name the last counts, whatever kind they are', async () => {
  const kinds: Record<string, Entry> = {
    file: file('n', 'x'),
    directory: dir('n'),
    symlink: soft('/etc', 'n'),
    fifo: { name: 'n', type: '6' },
    device: { name: 'n', type: '3', device: [1, 3] },
    hardlink: hard('other', 'n'),
  };
  const is: Record<string, (stat: ReturnType<typeof lstatSync> & object) => boolean> = {
    file: (stat) => stat.isFile(),
    directory: (stat) => stat.isDirectory(),
    symlink: (stat) => stat.isSymbolicLink(),
    fifo: (stat) => stat.isFIFO(),
    device: (stat) => stat.isCharacterDevice(),
    hardlink: (stat) => stat.isFile() && stat.nlink === 2,
  };
  for (const [first, before] of Object.entries(kinds)) {
    for (const [second, now] of Object.entries(kinds)) {
      stage.reset();
      const inside = first === 'directory' ? [file('n/in', 'x')] : [];
      const code = await stage.stayInside(archive(file('other', 'o'), before, ...inside, now));
      assert.equal(code, 'taken', `${first}, ${second}`);
      const stat = lstatSync(at('n'));
      assert.ok(is[second]?.(stat), `${first}, ${second}`);
    }
  }
});

test('what is in the root already (a copy into a container) is not followed either', async () => {
  mkdirSync(at('d'));
  writeFileSync(at('d/f'), 'old');
  symlinkSync(path.join(base, 'canary'), at('link'));
  symlinkSync(outside, at('way'));
  const bytes = archive(file('link', 'new'), file('way/canary', 'dead'), file('d/f', 'new'));
  await stage.apply(bytes, undefined, 'copy');
  assert.ok(lstatSync(at('link')).isFile());
  assert.deepEqual(
    [text('link'), text('d/f'), readFileSync(path.join(outside, 'canary'), 'utf8')],
    ['new', 'new', 'alive'],
  );
});
