/** An overlay's upper directory as a layer: applied over what was below, it gives what the container saw. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { closeFd, createTar, ingestLayer, openRoot } from '../index.js';

const base = mkdtempSync(path.join(os.tmpdir(), 'berth-test-layer-'));
const [lower, upper, work, merged, layer] = ['lower', 'upper', 'work', 'merged', 'layer'].map((name) =>
  path.join(base, name),
);
assert.ok(lower && upper && work && merged && layer);
const file = path.join(base, 'layer.tar');

beforeEach(() => {
  for (const directory of [lower, upper, work, merged, layer]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
  }
});
after(() => rmSync(base, { recursive: true, force: true }));

function sh(script: string, cwd: string): void {
  const answer = spawnSync('sh', ['-euc', script], { cwd, encoding: 'utf8' });
  assert.equal(answer.status, 0, answer.stderr);
}

function mounted<T>(options: string, look: () => T): T {
  const answer = spawnSync('mount', ['-t', 'overlay', 'none', '-o', options, merged ?? ''], { encoding: 'utf8' });
  assert.equal(answer.status, 0, answer.stderr);
  try {
    return look();
  } finally {
    assert.equal(spawnSync('umount', [merged ?? '']).status, 0);
  }
}

async function write(name = '.', into = file): Promise<Buffer> {
  const fd = openSync(into, 'w');
  const rootFd = openRoot(upper ?? '');
  try {
    await createTar(fd, rootFd, '/', { name, mode: 'layer' });
  } finally {
    closeSync(fd);
    closeFd(rootFd);
  }
  return readFileSync(into);
}

async function ingest(): Promise<void> {
  const fd = openSync(file, 'r');
  const rootFd = openRoot(layer ?? '');
  const limits = { bytesMax: 1 << 30, entriesMax: 1000, ratioMax: 1000, blobBytesMax: 1 << 30 };
  await ingestLayer(fd, rootFd, { blob: null, compress: false, limits }).finally(() => closeFd(rootFd));
  closeSync(fd);
}

/** Everything that a process can see of a tree; names may be any bytes, so it is not Node that looks. */
const looking = `
import os, sys, json, stat, hashlib
top, seen, inodes = os.fsencode(sys.argv[1]), {}, {}
def look(path, name):
    s = os.lstat(path)
    seen[name.decode('latin1')] = {
        'mode': oct(s.st_mode), 'owner': [s.st_uid, s.st_gid], 'device': s.st_rdev, 'modified': str(s.st_mtime_ns),
        'same': inodes.setdefault(s.st_ino, name.decode('latin1')),
        'content': hashlib.sha256(open(path, 'rb').read()).hexdigest() if stat.S_ISREG(s.st_mode) else '',
        'link': os.readlink(path).decode('latin1') if stat.S_ISLNK(s.st_mode) else '',
        'attributes': {n: os.getxattr(path, n, follow_symlinks=False).hex()
                       for n in sorted(os.listxattr(path, follow_symlinks=False))}}
    if stat.S_ISDIR(s.st_mode):
        for child in sorted(os.listdir(path)): look(path + b'/' + child, name + b'/' + child)
look(top, b'.')
print(json.dumps(seen))`;

function seen(directory: string): Record<string, unknown> {
  const answer = spawnSync('python3', ['-c', looking, directory], { encoding: 'utf8' });
  assert.equal(answer.status, 0, answer.stderr);
  return JSON.parse(answer.stdout);
}

const filled = `
  mkdir -p kept gone opaque/sub merged/deep etc; echo old > kept/file; echo old > gone/file; echo old > opaque/old
  echo old > opaque/sub/old; echo old > merged/deep/stays; echo old > merged/deep/goes; echo x > becomes-directory
  mkdir becomes-file; echo x > becomes-file/in; echo x > changed; ln -s kept link; echo x > removed; chmod 4755 kept/file`;
const changes = `
  rm removed; rm -r gone; rm -r opaque; mkdir -m 2771 opaque; echo new > opaque/new; mkdir opaque/sub; echo n > opaque/sub/new
  rm merged/deep/goes; echo n > merged/deep/new; rm becomes-directory; mkdir becomes-directory; echo i > becomes-directory/i
  rm -r becomes-file; echo f > becomes-file; echo y >> changed; rm link; ln -s /nowhere/at/all link
  echo h > hard1; ln hard1 hard2; ln hard1 etc/hard0; ln -s t soft1; ln soft1 soft2; mkfifo -m 0622 pipe; mknod null c 1 3
  echo s > setuid; chown 1000:1000 setuid; chmod 6755 setuid; echo c > capable; chown 5 capable
  setcap cap_net_raw+ep capable
  python3 -c "import os; os.setxattr('changed','user.b',b'2'); os.setxattr('changed','user.a',b'1\\n='); os.mkdir('x' * 120)
os.setxattr('opaque','user.note',b'n'); os.setxattr('changed','user.overlay.opaque',b'y')
open('x' * 120 + '/' + 'y' * 200,'w'); open('na\\u00efve','w'); open('new\\nline','w'); open(b'\\xff\\xfe','w')
import socket; socket.socket(socket.AF_UNIX).bind('socket')"
  touch -d '1969-12-31 23:59:58.75 UTC' naïve; touch -d '2001-02-03 04:05:06.123456789 UTC' kept merged changed
  touch -h -d '2010-01-01 00:00:00.5 UTC' link; touch -d '2500-01-01 UTC' setuid; chmod 0711 .`;

test('a changed container as a layer: over what it was made from, it is the same', async () => {
  sh(filled, lower);
  mounted(`lowerdir=${lower},upperdir=${upper},workdir=${work}`, () => sh(changes, merged));
  const wanted = mounted(`lowerdir=${lower},upperdir=${upper},workdir=${work}`, () => {
    // Sockets are nothing that a layer has, and what the other overlay's own notes are is nobody's business.
    const time = lstatSync(merged, { bigint: true }).mtimeNs;
    rmSync(path.join(merged, 'socket'));
    sh(
      `python3 -c "import os; os.removexattr('changed','user.overlay.opaque')
t = ${time}; os.utime('.', ns=(t, t))"`,
      merged,
    );
    return seen(merged);
  });
  const bytes = await write();
  await ingest();
  assert.deepEqual(
    mounted(`lowerdir=${layer}:${lower}`, () => seen(merged)),
    wanted,
  );
  assert.ok(!existsSync(path.join(layer, 'socket')));
  const listed = spawnSync('tar', ['-tf', file, '--quoting-style=escape'], { encoding: 'utf8' });
  assert.equal(listed.status, 0, listed.stderr);
  const names = listed.stdout.trimEnd().split('\n');
  for (const name of ['.wh.removed', '.wh.gone', 'opaque/.wh..wh..opq', 'merged/deep/.wh.goes'])
    assert.ok(names.includes(name), name);
  assert.ok(names.indexOf('opaque/.wh..wh..opq') === names.indexOf('opaque/') + 1);
  assert.deepEqual(await write('.', path.join(base, 'again.tar')), bytes);
});

test('the same directory made in another order and at another time is the same layer', async () => {
  const made: Buffer[] = [];
  for (const order of ['a c b', 'c b a']) {
    rmSync(upper, { recursive: true });
    mkdirSync(upper);
    sh(
      `for n in ${order}; do echo $n > $n; done; ln b z; mknod gone c 0 0; mknod gone-too c 0 0
      python3 -c "import os; [os.setxattr('a', 'user.' + n, b'x') for n in '${order}'.split()]"
      touch -d @1000000000.5 a b c .`,
      upper,
    );
    made.push(await write());
  }
  assert.deepEqual(made[0], made[1]);
});

test('capabilities lose the user namespace they were given in', async () => {
  writeFileSync(path.join(upper, 'ping'), 'x');
  // VFS_CAP_REVISION_3, effective, cap_net_raw, of the root user 100000.
  sh(
    `python3 -c "import os,struct; os.setxattr('ping','security.capability',struct.pack('<6I',0x03000001,1<<13,0,0,0,100000))"`,
    upper,
  );
  await write();
  await ingest();
  assert.match(JSON.stringify(seen(layer)['./ping']), /0100000200200000000000000000000000000000/);
});

const refused: Record<string, [string, string, RegExp]> = {
  'a redirected directory': [
    `mkdir d; python3 -c "import os; os.setxattr('d','trusted.overlay.redirect',b'/etc')"`,
    'EOPNOTSUPP',
    /trusted\.overlay\.redirect.*'d'/,
  ],
  'a file that is metadata alone': [
    `touch f; python3 -c "import os; os.setxattr('f','trusted.overlay.metacopy',b'')"`,
    'EOPNOTSUPP',
    /trusted\.overlay\.metacopy.*'f'/,
  ],
  'a name that would be taken for a whiteout': ['mkdir d; touch d/.wh.passwd', 'EINVAL', /\.wh\..*'d\/\.wh\.passwd'/],
  'a name too long to be applied again': [
    `python3 -c "import os
for i in range(20): os.mkdir('d' * 250); os.chdir('d' * 250)"`,
    'ENAMETOOLONG',
    /4095/,
  ],
};
for (const [what, [script, code, message]] of Object.entries(refused)) {
  test(`${what} is refused rather than written wrongly`, async () => {
    sh(script, upper);
    await assert.rejects(write(), { code, message });
  });
}
