/** Rows M, U, K, P and X against a real agent, from inside its containers: users, system calls, programs and files of the image. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before } from 'node:test';
import { Kit } from '../../../../packages/native/test/adversary/kit.ts';
import { slowness } from '../../../../packages/native/test/supervised.ts';
import { TestAgent } from '../api/agent.ts';

const agent = new TestAgent();
const kit = new Kit();
const tools = path.join(agent.directory, 'tools');

after(() => agent.remove());

before(async () => {
  mkdirSync(tools);
  chmodSync(agent.directory, 0o711);
  for (const name of ['call', 'racer']) copyFileSync(kit.program(name), path.join(tools, name));
  await agent.start();
});

function ok(...args: string[]): string {
  const { status, out, err } = agent.docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
  return out.trim();
}

/** What system calls of one ABI answer inside, with the default profile. */
function answers(abi: string, ...calls: string[][]): string[] {
  const line = calls.flatMap((call, at) => (at === 0 ? call : ['--', ...call]));
  const { out } = agent.docker('run', '--rm', '-v', `${tools}:/tools:ro`, 'busybox', '/tools/call', abi, ...line);
  return out.trim().split('\n');
}

kit.case('K9', 'AF_ALG and AF_VSOCK by every ABI (CVE-2026-31431)', () => {
  const families = ['38', '40'];
  for (const family of families) assert.deepEqual(answers('64', ['41', family, '5', '0']), ['EPERM']);
  // socket and socketcall of i386 by int 0x80, and x32: ended by the filter, or refused; never a descriptor.
  for (const family of families) {
    const block = `:${Buffer.from(Uint32Array.from([Number(family), 5, 0]).buffer).toString('hex')}`;
    const tried = [
      answers('32', ['359', family, '5', '0']),
      answers('32', ['102', '1', block]),
      answers('x32', ['41', family, '5', '0']),
    ];
    for (const [answer = ''] of tried) assert.match(answer, /^(EPERM|ENOSYS|)$/);
  }
  if (spawnSync(kit.program('call'), ['32', '20']).status !== 0) kit.lacks('system calls of i386');
  if (String(spawnSync(kit.program('call'), ['x32', '39']).stdout).startsWith('ENOSYS'))
    kit.lacks('system calls of x32');
});

kit.case('K10', 'system calls that lead out, by the numbers of each ABI', () => {
  const refused: [string, string[]][] = [
    ['io_uring_setup', ['425', '1', '+128']],
    ['bpf', ['321', '0', '+128', '128']],
    ['perf_event_open', ['298', '+128', '0', '-1', '-1', '0']],
    ['userfaultfd', ['323', '0']],
    ['keyctl', ['250', '0', '-3', '0']],
    ['add_key', ['248', '@user', '@a', '@b', '1', '-3']],
    ['open_by_handle_at', ['304', '-100', '+128', '0']],
    ['mount', ['165', '@none', '@/tmp', '@tmpfs', '0', '0']],
    ['umount2', ['166', '@/proc', '2']],
    ['move_mount', ['429', '-100', '@/tmp', '-100', '@/proc', '0']],
    ['open_tree', ['428', '-100', '@/', '1']],
    ['fsopen', ['430', '@tmpfs', '0']],
    ['mount_setattr', ['442', '-100', '@/', '0', '+64', '32']],
    ['unshare', ['272', '0x10000000']],
    ['setns', ['308', '0', '0']],
    ['kexec_load', ['246', '0', '0', '0', '0']],
    ['init_module', ['175', '+8', '8', '@']],
    ['pivot_root', ['155', '@/', '@/']],
    ['reboot', ['169', '0xfee1dead', '672274793', '0', '0']],
  ];
  const found = answers('64', ...refused.map(([, call]) => call));
  for (const [at, [name]] of refused.entries()) assert.equal(found[at], 'EPERM', name);
  // A libc falls back to what is older from ENOSYS, and from nothing else.
  assert.deepEqual(answers('64', ['435', '+128', '88'], ['9999']), ['ENOSYS', 'ENOSYS']);
  // mount by i386's number, and 64-bit numbers beyond the ABI's.
  for (const [abi, number] of [
    ['32', '21'],
    ['x32', '165'],
    ['64', '0x400000a5'],
    ['64', '0x1000000a5'],
  ] as const) {
    const [answer = ''] = answers(abi, [number, '@none', '@/tmp', '@tmpfs', '0', '0']);
    assert.match(answer, /^(EPERM|ENOSYS|)$/, `${abi} ${number}`);
  }
});

kit.case(
  'K12',
  'a nested user namespace, for the kernel’s packet and nftables code (CVE-2022-0185, CVE-2024-1086)',
  () => {
    const calls = [
      ['272', '0x10000000'],
      ['272', '0x50000000'],
      ['56', '0x10000011', '0', '0', '0', '0'],
    ];
    for (const answer of answers('64', ...calls)) assert.match(answer, /^(EPERM|ENOSYS)$/);
    // NETLINK_NETFILTER: a socket, but without a right to the tables (CAP_NET_ADMIN): an empty batch is refused.
    const out = agent.docker(
      'run',
      '--rm',
      'busybox',
      'sh',
      '-c',
      'unshare -U true 2>&1; unshare -Un true 2>&1; true',
    ).out;
    assert.equal(out.match(/Operation not permitted/g)?.length, 2, out);
  },
);

kit.case('U2', 'a number is a name in /etc/passwd (CVE-2016-3697)', () => {
  const passwd = path.join(tools, 'passwd');
  writeFileSync(passwd, 'root:x:0:0::/:/bin/sh\n1000:x:0:0::/:/bin/sh\n');
  const run = (...options: string[]) =>
    ok('run', '--rm', '-v', `${passwd}:/etc/passwd:ro`, ...options, 'busybox', 'id', '-u');
  assert.equal(run('--user', '1000'), '1000');
  const id = ok('run', '-d', 'busybox', 'sleep', '1000');
  ok('exec', id, 'sh', '-c', 'echo 1000:x:0:0::/:/bin/sh >> /etc/passwd');
  assert.equal(ok('exec', '--user', '1000', id, 'id', '-u'), '1000');
  ok('rm', '-f', id);
});

kit.case(
  'U3',
  '/etc/passwd is a FIFO, a device, huge, a link out, a million groups (CVE-2026-47262, CVE-2024-9676)',
  () => {
    const id = ok('run', '-d', 'busybox', 'sleep', '1000');
    const bent: [string, boolean][] = [
      ['rm -f /etc/passwd; mkfifo /etc/passwd', false],
      ['rm -f /etc/passwd; ln -s /dev/zero /etc/passwd', false],
      ['rm -f /etc/passwd; truncate -s 5G /etc/passwd', false],
      [`rm -f /etc/passwd; ln -s ../../../../..${kit.canary}/secret /etc/passwd`, false],
      ['rm -f /etc/passwd; mkdir -p /x; echo made:x:77:77::/:/bin/sh > /x/p; ln -s /x/p /etc/passwd', true],
      ['rm -f /etc/group; seq 1000000 | sed "s/.*/g&:x:&:made/" > /etc/group', true],
    ];
    for (const [script, works] of bent) {
      ok('exec', '--user', '0', id, 'sh', '-c', script);
      const began = Date.now();
      const { status, out, err } = agent.docker('exec', '--user', 'made', id, 'id', '-u');
      assert.equal(status === 0, works, `${script}: ${out}${err}`);
      assert.ok(Date.now() - began < 20_000, script);
      assert.doesNotMatch(err, /host secret/);
      if (works) assert.equal(out.trim(), '77');
    }
    ok('rm', '-f', id);
  },
);

kit.case('P15', 'a setuid program of a container is executed by a user of the host', () => {
  const id = ok('run', '-d', 'busybox', 'sh', '-c', 'cp /bin/busybox /raised; chmod 6755 /raised; sleep 1000');
  const find = () =>
    spawnSync('find', [path.join(agent.directory, 'data'), '-name', 'raised', '-perm', '-6000'], {
      encoding: 'utf8',
    }).stdout.trim();
  let raised = find();
  for (let tries = 0; raised === '' && tries < 100; tries++) raised = find();
  assert.notEqual(raised, '', 'it is there for root');
  for (const file of raised.split('\n')) {
    const { error } = spawnSync(file, ['id'], { uid: 65534, gid: 65534 });
    assert.match(String(error), /EACCES/, file);
  }
  ok('rm', '-f', id);
});

kit.case('P19', 'programs and libraries of the image run for the host (CVE-2026-41567, CVE-2019-14271)', () => {
  const id = ok('run', '-d', 'busybox', 'sleep', '1000');
  const names = 'xz unxz unpigz gzip zstd tar id getent nsenter sh.real'.split(' ');
  const fake = names.map(
    (name) =>
      `rm -f /bin/${name} /usr/bin/${name}; mkdir -p /usr/bin; printf '#!/bin/sh\\necho ran >> /ran\\n' > /usr/bin/${name}; chmod 755 /usr/bin/${name}`,
  );
  ok(
    'exec',
    id,
    'sh',
    '-c',
    `${fake.join(';')}; mkdir -p /lib; for l in files compat dns; do echo x > /lib/libnss_$l.so.2; done; rm -f /ran`,
  );
  const there = path.join(tools, 'there.txt');
  writeFileSync(there, 'x'.repeat(100_000));
  for (const from of ['gzip', 'xz', 'zstd', 'bzip2', 'cat']) {
    const packed = spawnSync('sh', ['-c', `tar -C ${tools} -cf - there.txt | ${from}`], { maxBuffer: 1 << 24 });
    if (packed.status !== 0) continue;
    spawnSync('docker', ['-H', `unix://${agent.socket}`, 'cp', '-', `${id}:/tmp`], { input: packed.stdout });
  }
  ok('cp', there, `${id}:/tmp/again`);
  ok('cp', `${id}:/etc`, path.join(tools, 'etc'));
  agent.docker('exec', '--user', 'root', id, 'true');
  agent.docker('top', id);
  agent.docker('diff', id);
  assert.notEqual(agent.docker('exec', id, 'cat', '/ran').status, 0, 'nothing of it ran');
  assert.ok(existsSync(path.join(tools, 'etc')));
  ok('rm', '-f', id);
});

kit.case(
  'X1',
  'a path is exchanged for a link during docker cp, both ways (CVE-2018-15664, CVE-2019-10152)',
  async (t) => {
    const id = ok(
      'run',
      '-d',
      '-v',
      `${tools}:/tools:ro`,
      'busybox',
      'sh',
      '-c',
      `mkdir /a; echo mine > /a/secret; ln -s ${kit.canary} /b; exec /tools/racer /a /b`,
    );
    const file = path.join(tools, 'sent');
    writeFileSync(file, 'sent\n');
    let read = 0;
    let tries = 0;
    for (const end = Date.now() + 8000; tries < 60 && Date.now() < end; tries++) {
      agent.docker('cp', file, `${id}:/a/secret`);
      const got = path.join(tools, `got-${tries}`);
      if (agent.docker('cp', `${id}:/a/secret`, got).status !== 0) continue;
      read++;
      assert.equal(spawnSync('grep', ['-r', 'host secret', got]).status, 1, 'nothing of the host');
    }
    t.diagnostic(`${tries} tries, ${read} read`);
    ok('rm', '-f', id);
  },
);

kit.case('M15', 'a volume’s mount point is exchanged while docker cp writes (CVE-2026-42306)', async (t) => {
  ok('volume', 'create', 'm15');
  // The link leads somewhere inside as well, so that each start mounts the volume, wherever the exchange left it.
  const racing = `[ -e /b ] || { mkdir -p ${kit.canary}; ln -s ${kit.canary} /b; }; exec /tools/racer /a /b`;
  const id = ok('create', '-v', 'm15:/a/volume', '-v', `${tools}:/tools:ro`, 'busybox', 'sh', '-c', racing);
  const file = path.join(tools, 'm15');
  writeFileSync(file, 'sent\n');
  let written = 0;
  let started = 0;
  let tries = 0;
  for (const end = Date.now() + 10_000 * slowness; tries < 40 && Date.now() < end; tries++) {
    const { status } = agent.docker(...(tries % 2 === 0 ? ['start'] : ['stop', '-t', '0']), id);
    if (tries % 2 === 0 && status === 0) started++;
    for (const to of ['/a/volume/m15', '/a/secret', '/b/volume/m15', '/a/null'])
      if (agent.docker('cp', file, `${id}:${to}`).status === 0) written++;
    const mounted = readFileSync('/proc/self/mountinfo', 'utf8');
    assert.ok(!mounted.includes(kit.canary), 'nothing is mounted over the host');
  }
  t.diagnostic(`${started} starts, ${written} written`);
  assert.ok(started > 1 && written > 1);
  ok('rm', '-f', id);
  ok('volume', 'rm', 'm15');
});

kit.case('X2', 'docker cp of a FIFO, a device, a file that grows, /proc (CVE-2021-41089)', () => {
  const script = 'mkdir /d; mkfifo /d/fifo; truncate -s 2M /d/grows; while true; do echo more >> /d/grows; done';
  const id = ok('run', '-d', 'busybox', 'sh', '-c', script);
  for (const from of ['/d', '/d/fifo', '/dev/null', '/proc/self/status', '/dev']) {
    const began = Date.now();
    agent.docker('cp', `${id}:${from}`, path.join(tools, `x2${from.replaceAll('/', '-')}`));
    assert.ok(Date.now() - began < 30_000, from);
  }
  ok('rm', '-f', id);
});
