/** Rows M: the root file system, mounts, masks and /dev as attackers have used them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Config, Kit } from './kit.ts';

const kit = new Kit();
const shell = kit.shell.bind(kit);

/** A bundle whose root file system is bent before it is run with `args`. */
function runBent(bend: (rootfs: string) => void, change: (config: Config) => void, script = 'true') {
  const { id, bundle } = kit.make((config) => {
    config.process.args = ['sh', '-c', script];
    change(config);
  });
  const rootfs = path.join(bundle, 'rootfs');
  bend(rootfs);
  return { ...kit.call('run', '--bundle', bundle, id), rootfs };
}

function replaceByLink(rootfs: string, name: string, target: string): void {
  rmSync(path.join(rootfs, name), { recursive: true, force: true });
  symlinkSync(target, path.join(rootfs, name));
}

function volume(name: string): string {
  const directory = path.join(kit.image.directory, name);
  mkdirSync(directory);
  return directory;
}

const bind = (source: string, destination: string, ...options: string[]) => ({
  type: 'bind',
  source,
  destination,
  options: ['rbind', ...options],
});

kit.case('M1', '/dev is a link to a host directory (CVE-2026-41579, CVE-2026-47766)', () => {
  for (const without of [false, true]) {
    const answer = runBent(
      (rootfs) => replaceByLink(rootfs, 'dev', kit.canary),
      (config) => {
        if (without) config.mounts = config.mounts.filter((one: Config) => !one.destination.startsWith('/dev'));
      },
    );
    assert.equal(answer.status, 1);
    assert.match(answer.err, without ? /making devices.*\/dev/ : /\/dev must be an ordinary directory/);
  }
});

kit.case('M2', '/proc or /sys is a link (CVE-2019-19921, CVE-2023-27561, CVE-2023-28642, CVE-2025-54867)', () => {
  for (const name of ['proc', 'sys'])
    for (const target of [kit.canary, '/tmp', '../../../../proc']) {
      const answer = runBent(
        (rootfs) => replaceByLink(rootfs, name, target),
        () => undefined,
      );
      assert.equal(answer.status, 1, `${name} -> ${target}`);
      assert.match(answer.err, new RegExp(`/${name} must be an ordinary directory`));
    }
});

/** Runs containers that mount at /vol/a/NAME while /vol/a and a link out of the root are exchanged. */
async function raceTarget(name: string, exists: boolean): Promise<{ tries: number; started: number }> {
  const shared = volume(`race-${name}`);
  mkdirSync(path.join(shared, 'a'));
  if (exists) mkdirSync(path.join(shared, 'a', name));
  symlinkSync(kit.canary, path.join(shared, 'b'));
  const { bundle } = kit.make((config) => {
    config.process.args = ['true'];
    config.mounts.push(bind(shared, '/vol'), { type: 'tmpfs', source: 'tmpfs', destination: `/vol/a/${name}` });
  });
  let started = 0;
  const tries = await kit.race(path.join(shared, 'a'), path.join(shared, 'b'), (at) => {
    if (kit.call('run', '--bundle', bundle, `race${process.pid}-${at}`).status === 0) started++;
    assert.ok(!existsSync(path.join(kit.canary, name)) || name === 'pts');
  });
  return { tries, started };
}

kit.case('M3', 'a mount target is exchanged for a link during the start (CVE-2021-30465, CVE-2024-0132)', async (t) => {
  const { tries, started } = await raceTarget('pts', true);
  t.diagnostic(`${tries} tries, ${started} started`);
  assert.ok(tries > 0);
});

kit.case('M4', 'a missing mount point is made through a link (CVE-2024-45310, CVE-2026-41568)', async (t) => {
  const { tries, started } = await raceTarget('made', false);
  t.diagnostic(`${tries} tries, ${started} started`);
  assert.ok(tries > 0);
  const still = runBent(
    (rootfs) => symlinkSync(kit.canary, path.join(rootfs, 'out')),
    (config) => {
      config.mounts.push({ type: 'tmpfs', source: 'tmpfs', destination: '/out/directory' });
      config.mounts.push(bind('/etc/hostname', '/out/file'));
    },
  );
  assert.equal(still.status, 1);
  assert.match(still.err, /making a mount point/);
  assert.ok(!existsSync(path.join(still.rootfs, kit.canary)));
});

kit.case('M5', '/dev/null of the image is no mask (CVE-2025-31133)', () => {
  const masked = 'cat /proc/uptime | wc -c; stat -c %t:%T /proc/uptime; echo x > /proc/uptime';
  const answer = runBent(
    (rootfs) => {
      rmSync(path.join(rootfs, 'dev'), { recursive: true });
      mkdirSync(path.join(rootfs, 'dev'));
      symlinkSync('/proc/sys/kernel/core_pattern', path.join(rootfs, 'dev/null'));
    },
    (config) => {
      config.mounts = config.mounts.filter((one: Config) => !one.destination.startsWith('/dev'));
      config.linux.maskedPaths = ['/proc/uptime'];
    },
    masked,
  );
  if (answer.status === 0) assert.equal(answer.out, '0\n1:3\n');
  else assert.match(answer.err, /making devices|null/);
});

kit.case('M7', 'a read-only path is exchanged between two looks (GHSA-3q8j-pf29-vwv8)', async (t) => {
  const shared = volume('readonly');
  for (const name of ['a', 'b']) mkdirSync(path.join(shared, name));
  const { bundle } = kit.make((config) => {
    const look = 'grep " /vol/" /proc/self/mountinfo; true';
    config.process.args = ['sh', '-c', look];
    config.mounts.push(bind(shared, '/vol'));
    config.linux.readonlyPaths = ['/vol/a'];
  });
  let started = 0;
  const tries = await kit.race(path.join(shared, 'a'), path.join(shared, 'b'), (at) => {
    const { status, out } = kit.call('run', '--bundle', bundle, `ro${process.pid}-${at}`);
    if (status !== 0) return;
    started++;
    const rows = out.split('\n').filter((line) => / \/vol\/[ab] /.test(line));
    assert.equal(rows.length, 1, out);
    assert.match(rows[0] ?? '', / \/vol\/[ab] ro,/);
  });
  t.diagnostic(`${tries} tries, ${started} started`);
  Kit.someStarted(started);
});

kit.case('M8', 'masked paths given twice, nested, missing, through links', () => {
  const answer = runBent(
    (rootfs) => {
      mkdirSync(path.join(rootfs, 'a/b'), { recursive: true });
      writeFileSync(path.join(rootfs, 'a/b/secret'), 'secret');
      symlinkSync(kit.canary, path.join(rootfs, 'link'));
    },
    (config) => {
      config.linux.maskedPaths = [
        '/a/b',
        '/a/b/',
        '/a/../a/b',
        '/a',
        '/a/',
        '/link',
        '/link/secret',
        '/none',
        '/a/none',
      ];
    },
    'ls -A /a | wc -l; cat /a/b/secret 2>/dev/null; cat /proc/self/mountinfo',
  );
  assert.equal(answer.status, 0, answer.err);
  assert.match(answer.out, /^0\n/);
  assert.doesNotMatch(answer.out, /secret/);
});

kit.case('M9', 'a mount over a part of /proc undoes masks and labels (CVE-2019-16884)', () => {
  const wayIn: [string, (rootfs: string) => void][] = [
    ['/proc/self/attr', () => undefined],
    ['/proc/sys/kernel', () => undefined],
    ['/proc/../proc/sys', () => undefined],
    ['//proc/sys', () => undefined],
    ['/tmp/../proc/sys', () => undefined],
    ['/p/sys', (rootfs) => symlinkSync('/proc', path.join(rootfs, 'p'))],
    ['/p', (rootfs) => symlinkSync('/proc/sys', path.join(rootfs, 'p'))],
  ];
  for (const [destination, bend] of wayIn) {
    const answer = runBent(bend, (config) => config.mounts.push({ type: 'tmpfs', source: 'tmpfs', destination }));
    assert.equal(answer.status, 1, destination);
    assert.match(answer.err, /nothing may be mounted below \/proc/, destination);
  }
});

kit.case(
  'M10',
  'a bind source is exchanged for a link (CVE-2017-1002101, CVE-2021-25741, CVE-2025-9566)',
  async (t) => {
    const shared = volume('source');
    mkdirSync(path.join(shared, 'a'));
    writeFileSync(path.join(shared, 'a/secret'), 'own');
    mkdirSync(path.join(shared, 'b'));
    writeFileSync(path.join(shared, 'b/secret'), 'other');
    const { bundle } = kit.make((config) => {
      config.process.args = ['sh', '-c', 'for i in 1 2 3 4 5; do cat /vol/secret; echo; done'];
      config.mounts.push(bind(path.join(shared, 'a'), '/vol'));
    });
    const seen = new Set<string>();
    const tries = await kit.race(path.join(shared, 'a'), path.join(shared, 'b'), (at) => {
      const { out, err } = kit.call('run', '--bundle', bundle, `bind${process.pid}-${at}`);
      seen.add([...new Set(out.trim().split('\n'))].join('+') || err);
    });
    t.diagnostic(`${tries} tries; ${[...seen].join(', ')}`);
    for (const one of seen) assert.ok(['own', 'other'].includes(one), `one object for a container's life: ${one}`);
  },
);

kit.case('M11', 'the working directory leads out through a link (CVE-2026-55686, CVE-2024-21626)', () => {
  const answer = runBent(
    (rootfs) => symlinkSync(`../../../../..${kit.canary}`, path.join(rootfs, 'x')),
    (config) => Object.assign(config.process, { cwd: '/x/new' }),
    'pwd; ls /x/',
  );
  if (answer.status === 0) assert.ok(existsSync(path.join(answer.rootfs, kit.canary, 'new')));
  assert.ok(!existsSync(path.join(kit.canary, 'new')));
});

kit.case('M12', 'a mount inside a shared volume shows nowhere else', () => {
  const shared = volume('propagation');
  for (const propagation of ['rprivate', 'rslave', 'private']) {
    const out = shell('mount -t tmpfs tmpfs /vol && grep -c " /vol " /proc/self/mounts', (config) => {
      config.mounts.push(bind(shared, '/vol', propagation));
      for (const set of ['bounding', 'effective', 'permitted']) config.process.capabilities[set].push('CAP_SYS_ADMIN');
    });
    assert.equal(out, '2', propagation);
  }
});

kit.case('M13', 'destinations that are no path', () => {
  for (const destination of ['', 'tmp', '../tmp', `/${'x'.repeat(300)}`, `/${'x/'.repeat(3000)}`]) {
    const answer = kit.run((config) => config.mounts.push({ type: 'tmpfs', source: 'tmpfs', destination }));
    assert.equal(answer.status, 1, destination.slice(0, 20));
    assert.match(answer.err, /destination|absolute path|File name too long/, destination.slice(0, 20));
  }
  const up = shell('cat /proc/self/mounts', (config) =>
    config.mounts.push({ type: 'tmpfs', source: 'tmpfs', destination: '/../../../inside' }),
  );
  assert.match(up, /^tmpfs \/inside tmpfs/m);
});

kit.case('M16', 'locked mounts are not undone from inside, nor from a user namespace made there', () => {
  const tries = [
    'umount /proc/keys',
    'umount -l /proc/sys',
    'mount -o remount,rw,bind /proc/sys',
    'mount -o remount,rw /sys',
    'umount /proc',
  ];
  const script = `echo tried; ${tries.map((one) => `busybox ${one} 2>/dev/null && echo undone: ${one}`).join(';')}; true`;
  assert.equal(shell(script), 'tried');
  const nested = shell(`busybox unshare -Urm sh -c '${script}'`, (config) => {
    // To map its own id 0 (user_namespaces(7)).
    for (const set of ['bounding', 'effective', 'permitted']) config.process.capabilities[set].push('CAP_SETFCAP');
  });
  assert.equal(nested, 'tried');
});

kit.case('M18', '--no-pivot, which leaves the old root in reach, is refused', () => {
  const { id, bundle } = kit.make();
  assert.match(kit.call('create', '--no-pivot', '--bundle', bundle, id).err, /--no-pivot is not supported/);
});

kit.case('M19', 'a read-only root is read-only by every path', () => {
  const places = ['/x', '/proc/1/root/x', '/proc/self/root/x', '/proc/self/cwd/x', '/etc/passwd'];
  const script = `exec 3</; ${[...places, '/proc/self/fd/3/x', '/dev/fd/3/x'].map((at) => `(echo x > ${at}) 2>/dev/null && echo ${at}`).join(';')}; true`;
  assert.equal(
    shell(script, (config) => Object.assign(config.root, { readonly: true })),
    '',
  );
});

kit.case('K', 'the kit itself: a kernel without openat2 starts nothing, rather than by strings', () => {
  const { id, bundle } = kit.make((config) => Object.assign(config.process, { args: ['true'] }));
  const answer = kit.callWithout([437], 'run', '--bundle', bundle, id);
  assert.notEqual(answer.status, 0);
  assert.match(answer.err, /openat2.*Function not implemented|Function not implemented/);
  assert.ok(readFileSync(path.join(kit.canary, 'secret'), 'utf8') === 'host secret\n');
});
