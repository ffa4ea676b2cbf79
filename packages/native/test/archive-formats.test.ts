/** What tar archives say and in how many ways: names, numbers, times, attributes, sparse files; and what is broken. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, lstatSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { archive, base256, type Entry, entry, octal, pax } from './archives.ts';
import { Stage } from './stage.ts';

const stage = new Stage('formats');
const { base, root } = stage;

const at = (name: string) => path.join(root, name);
const text = (name: string) => readFileSync(at(name), 'utf8');
const nanos = (name: string) => lstatSync(at(name), { bigint: true }).mtimeNs;

// ---- PAX and GNU

test('PAX records go before the header: path, linkpath, size, owner, time', async () => {
  const long = `${'directory/'.repeat(30)}name`;
  await stage.apply(
    archive(
      pax({ path: long, uid: '1001', gid: '1002', mtime: '1600000000.123456789', size: '5', comment: 'ünseen' }),
      { name: 'short', body: 'hello', size: octal(0, 12), uid: 7 },
      pax({ linkpath: `/${long}` }),
      { name: 'link', type: '2', link: 'elsewhere' },
    ),
  );
  assert.equal(readFileSync(at(long), 'utf8'), 'hello');
  const { uid, gid } = statSync(at(long));
  assert.deepEqual([uid, gid, nanos(long)], [1001, 1002, 1_600_000_000_123_456_789n]);
  assert.equal(spawnSync('readlink', [at('link')], { encoding: 'utf8' }).stdout, `/${long}\n`);
});

test('an empty PAX record takes back what was said, a later one goes before an earlier one', async () => {
  await stage.apply(
    archive(
      pax([
        ['path', 'one'],
        ['path', ''],
        ['uid', '5'],
        ['uid', ''],
        ['gid', '6'],
        ['gid', '7'],
      ]),
      { name: 'header', uid: 9 },
      pax({ path: 'first' }),
      pax({ path: 'second' }),
      { name: 'header2' },
      { name: 'after' },
    ),
  );
  assert.deepEqual([statSync(at('header')).uid, statSync(at('header')).gid], [9, 7]);
  assert.deepEqual(
    ['second', 'after'].map((name) => statSync(at(name)).isFile()),
    [true, true],
  );
});

test('global PAX headers count for nothing, as in Docker, but have to be well-formed', async () => {
  await stage.apply(archive(pax({ path: 'global', uid: '5', comment: 'commit' }, 'g'), { name: 'f' }));
  assert.equal(statSync(at('f')).uid, 0);
  const broken = archive({ name: 'g', type: 'g', body: 'nonsense' }, { name: 'f' });
  await assert.rejects(stage.apply(broken), { code: 'EBADMSG' });
});

test('GNU long names and links, also of a directory', async () => {
  const long = `${'n'.repeat(120)}/${'m'.repeat(150)}`;
  await stage.apply(
    archive(
      { name: '././@LongLink', type: 'L', body: `${long}/\0` },
      { name: 'cut', type: '5', mode: 0o755 },
      { name: '././@LongLink', type: 'K', body: `${long}\0` },
      { name: '././@LongLink', type: 'L', body: `${'l'.repeat(200)}\0` },
      { name: 'cut', type: '2', link: 'cut' },
    ),
  );
  assert.ok(statSync(at('l'.repeat(200))).isDirectory());
});

test('a USTAR prefix is the beginning of the name, GNU’s fields in its place are not', async () => {
  await stage.apply(
    archive(
      { name: 'name', body: 'x', patch: (header) => header.write('pre/fix', 345) },
      {
        name: 'gnu',
        body: 'y',
        patch: (header) => {
          header.write('ustar  \0', 257);
          header.write(octal(1_700_000_000, 12), 345);
        },
      },
      { name: 'v7', type: '\0', body: 'z', patch: (header) => header.fill(0, 257, 512) },
      { name: 'v7dir/', type: '\0', mode: 0o755, patch: (header) => header.fill(0, 257, 512) },
      { name: 'contiguous', type: '7', body: 'w' },
    ),
  );
  assert.deepEqual(['pre/fix/name', 'gnu', 'v7', 'contiguous'].map(text), ['x', 'y', 'z', 'w']);
  assert.ok(statSync(at('v7dir')).isDirectory());
});

test('numbers: base 256, blanks, no terminator; times before 1970 and far ahead', async () => {
  const time = (value: string | Buffer) => (header: Buffer) => void Buffer.from(value).copy(header, 136);
  await stage.apply(
    archive(
      { name: 'base256', body: 'x', size: base256(1n, 12), patch: (header) => base256(4242n, 8).copy(header, 108) },
      { name: 'blanks', body: 'x', size: '          1 ' },
      { name: 'full', body: 'x', size: '000000000001' },
      { name: 'before', patch: time(base256(-1000n, 12)) },
      { name: 'ahead', patch: time(base256(8_000_000_000n, 12)) },
      { name: 'far', patch: time(base256(1n << 60n, 12)) },
      pax({ mtime: '-1.25' }),
      { name: 'fraction' },
      pax({ mtime: '-0.5' }),
      { name: 'half' },
      pax({ mtime: '1.1234567891' }),
      { name: 'finer' },
    ),
  );
  assert.equal(statSync(at('base256')).uid, 4242);
  assert.deepEqual([text('blanks'), text('full')], ['x', 'x']);
  assert.deepEqual(['before', 'ahead', 'fraction', 'half', 'finer'].map(nanos), [
    -1000_000_000_000n,
    8_000_000_000_000_000_000n,
    -1_250_000_000n,
    -500_000_000n,
    1_123_456_789n,
  ]);
  assert.ok(nanos('far') >= 8_000_000_000_000_000_000n);
});

// ---- what a file has besides its bytes

test('setuid bits and file capabilities survive the change of owner', async () => {
  // VFS_CAP_REVISION_2, effective, cap_net_raw.
  const capability = Buffer.from([1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  await stage.apply(
    archive(
      pax({ 'SCHILY.xattr.security.capability': capability, 'SCHILY.xattr.user.note': 'a=b\nc' }),
      { name: 'ping', body: 'x', mode: 0o6755, uid: 1000, gid: 1000 },
      pax({ 'SCHILY.xattr.security.capability': capability }),
      { name: 'roots', body: 'x', mode: 0o4755 },
      { name: 'sticky/', type: '5', mode: 0o1777 },
      { name: 'shared/', type: '5', mode: 0o2775, gid: 8 },
      { name: 'shared/in', mode: 0o664 },
      { name: 'shared/sub/', type: '5', mode: 0o755 },
      { name: 'shared/implied/in' },
    ),
  );
  assert.equal(statSync(at('ping')).mode & 0o7777, 0o6755);
  for (const name of ['ping', 'roots'])
    assert.equal(stage.xattrs(name)['security.capability'], capability.toString('latin1'), name);
  assert.equal(stage.xattrs('ping')['user.note'], 'a=b\nc');
  const modes = ['roots', 'sticky', 'shared', 'shared/in', 'shared/sub', 'shared/implied', 'shared/implied/in'].map(
    (name) => [statSync(at(name)).mode & 0o7777, statSync(at(name)).gid],
  );
  assert.deepEqual(modes, [
    [0o4755, 0],
    [0o1777, 0],
    [0o2775, 8],
    [0o664, 0],
    [0o755, 0],
    [0o755, 0],
    [0o644, 0],
  ]);
});

test('modes do not depend on the umask', async () => {
  const before = process.umask(0o077);
  try {
    await stage.apply(archive({ name: 'open', mode: 0o666 }, { name: 'implied/d/', type: '5', mode: 0o777 }));
  } finally {
    process.umask(before);
  }
  const modes = ['open', 'implied', 'implied/d'].map((name) => statSync(at(name)).mode & 0o777);
  assert.deepEqual(modes, [0o666, 0o755, 0o777]);
});

test('LIBARCHIVE’s and other vendors’ records are passed over', async () => {
  const records = { 'LIBARCHIVE.xattr.user.b': 'eA==', 'SCHILY.dev': '5', 'RHT.security.selinux': 'x', 'a.b\0': 'c' };
  await stage.apply(archive(pax(records), { name: 'f' }));
  assert.deepEqual(Object.keys(stage.xattrs('f')), []);
});

test('devices and FIFOs, with owner, mode and time', async () => {
  await stage.apply(
    archive(
      { name: 'null', type: '3', device: [1, 3], mode: 0o666, uid: 5 },
      { name: 'disk', type: '4', device: [259, 70_000], mode: 0o660, gid: 6 },
      { name: 'pipe', type: '6', mode: 0o622 },
    ),
  );
  const stats = ['null', 'disk', 'pipe'].map((name) => lstatSync(at(name)));
  assert.deepEqual(
    stats.map((stat) => [stat.isCharacterDevice(), stat.isBlockDevice(), stat.isFIFO(), stat.mode & 0o7777]),
    [
      [true, false, false, 0o666],
      [false, true, false, 0o660],
      [false, false, true, 0o622],
    ],
  );
  assert.deepEqual([stats[0]?.uid, stats[1]?.gid], [5, 6]);
  const numbers = spawnSync('stat', ['-c', '%Hr %Lr', at('null'), at('disk')], { encoding: 'utf8' });
  assert.equal(numbers.stdout, '1 3\n259 70000\n');
  for (const name of ['null', 'disk', 'pipe']) assert.equal(nanos(name), 1_700_000_000_000_000_000n);
});

test('a directory has its own time, whatever is made in it afterwards, and however many there are', async () => {
  const dirs = Array.from({ length: 60 }, (_, i) => `d${i}`);
  const time = (seconds: number) => (header: Buffer) => void header.write(octal(seconds, 12), 136);
  await stage.apply(
    archive(
      { name: './', type: '5', mode: 0o755, patch: time(1_500_000_000) },
      ...dirs.map((name, i): Entry => ({ name: `${name}/`, type: '5', mode: 0o755, patch: time(1_600_000_000 + i) })),
      { name: 'l', type: '2', link: 'd3' },
      ...dirs.map((name): Entry => ({ name: `${name}/file` })),
      ...dirs.map((name): Entry => ({ name: `${name}/.wh.gone` })),
      { name: 'l/through/', type: '5', mode: 0o755 },
      { name: 'd4/file', type: '2', link: 'x' },
      { name: 'd5/.wh..wh..opq' },
      { name: 'd6', type: '5', mode: 0o700, patch: time(1_234_567_890) },
      { name: 'd6/implied/more/f' },
      { name: 'l/late' },
    ),
  );
  assert.equal(nanos('.'), 1_500_000_000_000_000_000n);
  for (const [i, name] of dirs.entries())
    assert.equal(nanos(name), BigInt(i === 6 ? 1_234_567_890 : 1_600_000_000 + i) * 1_000_000_000n, name);
});

test('a copy leaves the times of directories that it does not name to the kernel', async () => {
  mkdirSync(at('d'));
  spawnSync('touch', ['-d', '@1000000000', at('d')]);
  const entries: Entry[] = [{ name: 'd/new/', type: '5', mode: 0o755 }, { name: 'd/new/in' }];
  await stage.apply(archive(...entries), undefined, 'copy');
  assert.ok(nanos('d') > 1_600_000_000_000_000_000n);
  assert.equal(nanos('d/new'), 1_700_000_000_000_000_000n);
});

// ---- sparse files

/** A file of 3 MiB with bytes at its beginning, in many pieces in the middle, and a hole at its end. */
function makeSparse(file: string): Buffer {
  const fd = openSync(file, 'w');
  ftruncateSync(fd, 3 << 20);
  writeSync(fd, 'beginning', 0);
  for (let i = 0; i < 40; i++) writeSync(fd, `piece ${i}`, (512 << 10) + i * 16_384);
  closeSync(fd);
  return readFileSync(file);
}

for (const format of [
  ['--format=gnu'],
  ...['0.0', '0.1', '1.0'].map((v) => ['--format=posix', `--sparse-version=${v}`]),
]) {
  test(`GNU tar’s sparse files, ${format.join(' ')}`, async () => {
    const content = makeSparse(path.join(base, 'sparse'));
    const made = spawnSync('tar', ['-C', base, ...format, '-S', '-cf', '-', 'sparse', 'canary'], {
      maxBuffer: 8 << 20,
    });
    assert.equal(made.status, 0, String(made.stderr));
    assert.ok(made.stdout.length < 1 << 20, 'tar made no sparse archive');
    assert.equal((await stage.apply(made.stdout)).bytes, content.length + 'alive'.length);
    assert.deepEqual(readFileSync(at('sparse')), content);
    assert.equal(text('canary'), 'alive');
    assert.ok(statSync(at('sparse')).blocks * 512 < content.length / 2, 'the holes are filled');
  });
}

const old = (map: [number, number][], size: number, body: string): Entry => ({
  name: 's',
  type: 'S',
  body,
  patch: (header) => {
    for (const [i, [offset, bytes]] of map.entries()) {
      header.write(octal(offset, 12), 386 + i * 24);
      header.write(octal(bytes, 12), 398 + i * 24);
    }
    header.write(octal(size, 12), 483);
  },
});
const sparse = (records: Record<string, string>, body: string) => [pax(records), entry({ name: 's', body })];
const lies: Record<string, Buffer[]> = {
  'pieces that overlap': [
    entry(
      old(
        [
          [0, 4],
          [2, 4],
        ],
        100,
        '12345678',
      ),
    ),
  ],
  'pieces out of order': [
    entry(
      old(
        [
          [50, 4],
          [0, 4],
        ],
        100,
        '12345678',
      ),
    ),
  ],
  'a piece beyond the file': [entry(old([[98, 4]], 100, '1234'))],
  'a piece that is more than the archive has': [entry(old([[0, 8]], 100, '1234'))],
  'a piece that is less than the archive has': [entry(old([[0, 2]], 100, '1234'))],
  'a piece at 2^63 - 4': [...sparse({ 'GNU.sparse.size': '100', 'GNU.sparse.map': '999999999999999998,4' }, '1234')],
  'a map of text': sparse({ 'GNU.sparse.size': '100', 'GNU.sparse.map': 'a,b' }, '1234'),
  'half a pair': sparse({ 'GNU.sparse.size': '100', 'GNU.sparse.map': '0,4,8' }, '1234'),
  'no size': sparse({ 'GNU.sparse.map': '0,4' }, '1234'),
  'a length without an offset': sparse({ 'GNU.sparse.size': '9', 'GNU.sparse.numbytes': '4' }, '1234'),
  'a map in the content that is none': sparse(
    { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9' },
    'x'.repeat(600),
  ),
  'a map in the content that is longer than it': sparse(
    { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9' },
    '9\n0\n',
  ),
  'a map in the content of 2^40 pieces': sparse(
    { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9' },
    `${2 ** 40}\n${'0\n'.repeat(400)}`,
  ),
  'a map that goes on after the archive’s end': [
    entry({ ...old([[0, 4]], 4, '1234'), patch: (header) => void (header[482] = 1) }).subarray(0, 512),
  ],
};
for (const [what, parts] of Object.entries(lies)) {
  test(`a sparse file with ${what} is broken`, async () => {
    const bytes = archive(...parts);
    await assert.rejects(stage.apply(bytes), { code: 'EBADMSG' });
  });
}

test('a sparse file that is one hole, and one without a hole', async () => {
  await stage.apply(
    archive(
      old([], 5000, ''),
      ...sparse({ 'GNU.sparse.name': 'full', 'GNU.sparse.size': '4', 'GNU.sparse.map': '0,4' }, '1234'),
    ),
  );
  assert.deepEqual(readFileSync(at('s')), Buffer.alloc(5000));
  assert.equal(text('full'), '1234');
});

// ---- broken, or nearly

const broken: Record<string, Buffer> = {
  'a checksum that is wrong': archive({ name: 'a', body: 'x', checksum: '000000\0 ' }),
  'a checksum that is no number': archive({ name: 'a', checksum: 'zzzzzz\0 ' }),
  'a body that breaks off': entry({ name: 'a', body: Buffer.alloc(4096) }).subarray(0, 1024),
  'a header that breaks off': Buffer.concat([entry({ name: 'a' }), entry({ name: 'b' }).subarray(0, 100)]),
  'an extended header that breaks off': pax({ path: 'a' }).subarray(0, 515),
  'a size that is no number': archive({ name: 'a', size: 'zzzzzzzzzzz\0' }),
  'a negative size': archive({ name: 'a', size: base256(-16n, 12) }),
  'a size of 80 bits': archive({ name: 'a', size: Buffer.from([0x80, 0, 1, ...Array(9).fill(0)]) }),
  'a size beyond the archive': archive({ name: 'a', size: octal(1 << 20, 12), body: 'x' }),
  'a mode that is no number': archive({ name: 'a', patch: (header) => void header.write('rwxr-xr', 100) }),
  'a device number that is negative': archive({
    name: 'a',
    type: '3',
    patch: (header) => void base256(-1n, 8).copy(header, 329),
  }),
  'a device number beyond the kernel’s': archive({ name: 'a', type: '3', device: [4096, 0] }),
  'a zero block and an entry after it': Buffer.concat([
    entry({ name: 'a' }),
    Buffer.alloc(512),
    archive({ name: 'b' }),
  ]),
  'text that is no archive': Buffer.from('this is not a tar archive at all\n'.repeat(40)),
  'an entry of a type nobody knows': archive({ name: 'a', type: 'Z' }),
  'a volume header': archive({ name: 'a', type: 'V' }),
  'a type that is not ASCII': archive({ name: 'a', type: '\xff' }),
};
for (const records of [
  '99999 path=a\n',
  '0 path=a\n',
  '7 path=a\n',
  '9 path=a',
  '11 path=abcd',
  'path=a\n',
  '9 patha\n\n',
  '-9 path=a\n',
  '9path=a\n\n',
  '18446744073709551625 path=a\n',
  '13 path=a\n\0\0\0\0',
  '3 \n',
  '5 =a\n6 =a\n',
])
  broken[`PAX records ${JSON.stringify(records)}`] = archive({ name: 'p', type: 'x', body: records }, { name: 'a' });
for (const [key, value] of [
  ['size', '-1'],
  ['size', '1e3'],
  ['uid', 'root'],
  ['gid', '99999999999999999999'],
  ['mtime', 'now'],
  ['mtime', '1.2.3'],
  ['mtime', '-'],
  ['mtime', '.5'],
])
  broken[`a PAX ${key} of ${value}`] = archive(pax([[key ?? '', value ?? '']]), { name: 'a' });

for (const [what, bytes] of Object.entries(broken)) {
  test(`${what} is a broken archive`, async () => {
    assert.equal(await stage.stayInside(bytes), 'EBADMSG');
  });
}

test('an archive without end blocks, with one, with more than two, or without its last padding is whole', async () => {
  const one = entry({ name: 'a', body: 'x' });
  for (const zeros of [0, 512, 1024, 10_240]) {
    stage.empty();
    assert.equal((await stage.apply(Buffer.concat([one, Buffer.alloc(zeros)]))).entries, 1);
  }
  // umoci leaves out the padding of the last entry.
  for (const bytes of [513, 700]) {
    stage.empty();
    assert.equal((await stage.apply(one.subarray(0, bytes))).entries, 1);
    assert.equal(text('a'), 'x');
  }
  assert.equal((await stage.apply(Buffer.alloc(0))).entries, 0);
});

test('a checksum of signed bytes is as good', async () => {
  const bytes = entry({ name: Buffer.from('na\u00efve'), body: 'x' });
  const header = bytes.subarray(0, 512);
  header.write('        ', 148);
  const sum = header.reduce((total, byte) => total + (byte > 127 ? byte - 256 : byte), 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  await stage.apply(Buffer.concat([bytes, Buffer.alloc(1024)]));
  assert.equal(text('na\u00efve'), 'x');
});
