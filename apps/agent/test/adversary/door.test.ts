/** Rows M14, U12, S7, X3, X5, X6: requests that ask for more than they say, or say what is not theirs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Door } from './door.ts';

const door = new Door();
const data = path.join(door.directory, 'data');
const run = path.join(door.directory, 'run');

const kindsOf = (name: string): string[] =>
  door.inspect(name).Berth.Weakenings.map(({ Kind }: { Kind: string }) => Kind);

door.case(
  'M14',
  'the agent’s files and what leads there are bound by nobody without --privileged; its API’s socket is told',
  async () => {
    const links = path.join(door.directory, 'links');
    mkdirSync(links);
    symlinkSync(data, path.join(links, 'data'));
    symlinkSync('../run', path.join(links, 'run'));
    linkSync(door.socket, path.join(links, 'hard'));
    for (const source of [
      ...[data, run, `${run}/containers`, `${data}/agent.db`, `${data}/volumes`, `${data}/not-yet`],
      ...[`${links}/data/volumes`, `${links}/run/containers`, `${data}/../data`, `/proc/self/root${data}`],
    ]) {
      for (const hostConfig of [
        { Binds: [`${source}:/x`] },
        { Mounts: [{ Type: 'bind', Source: source, Target: '/x', BindOptions: { CreateMountpoint: true } }] },
      ]) {
        const { status, text } = await door.create({ Image: 'busybox', HostConfig: hostConfig });
        assert.equal(status, 403, `${source} ${text}`);
        assert.match(text, /belongs to the agent itself/);
      }
    }
    for (const [at, source] of [door.socket, `${links}/run/docker.sock`, `${links}/hard`].entries()) {
      const { status } = await door.create({ Image: 'busybox', HostConfig: { Binds: [`${source}:/x`] } }, `m14-${at}`);
      assert.equal(status, 201, source);
      assert.deepEqual(kindsOf(`m14-${at}`), ['host-path'], source);
    }
    const ls = door.docker('run', '--rm', '-v', `${door.socket}:/x`, 'busybox', 'stat', '-c', '%u %F', '/x');
    assert.equal(ls.out.trim(), '0 socket', ls.err);
  },
);

door.case('M14', 'host paths that matter are bound as Docker does, and told', async () => {
  for (const source of ['/', '/etc', '/proc', '/sys/fs/cgroup', '/dev', path.dirname(door.directory)]) {
    const { status } = await door.create({ Image: 'busybox', HostConfig: { Binds: [`${source}:/x`] } }, 'told');
    assert.equal(status, 201);
    const { Weakenings } = door.inspect('told').Berth;
    assert.deepEqual(Weakenings, [{ Kind: 'host-path', Detail: source, At: '/x' }], source);
    door.ok('rm', 'told');
  }
  await door.create({ Image: 'busybox', HostConfig: { Binds: ['/srv/berth-plain:/x'] } }, 'plain');
  assert.deepEqual(kindsOf('plain'), []);
});

door.case('M14', 'a source that is turned into a link after the create is judged again at the start', async () => {
  const turned = path.join(door.directory, 'turned');
  mkdirSync(turned);
  await door.create({ Image: 'busybox', Cmd: ['ls', '/x'], HostConfig: { Binds: [`${turned}:/x`] } }, 'turned');
  spawnSync('rmdir', [turned]);
  symlinkSync(data, turned);
  const { status, out, err } = door.docker('start', '--attach', 'turned');
  assert.notEqual(status, 0);
  assert.match(err, /belongs to the agent itself/);
  assert.equal(out, '');
});

door.case('U12', 'no route reaches what was not asked for', async () => {
  door.image('evil:u12', {
    Cmd: ['sleep', '1000'],
    Labels: { privileged: 'true', 'com.docker.compose.privileged': 'true' },
    HostConfig: { Privileged: true, PidMode: 'host' },
    Privileged: true,
    CapAdd: ['ALL'],
    NetworkMode: 'host',
    SecurityOpt: ['seccomp=unconfined'],
  });
  const labels = {
    'com.docker.compose.service': 'x',
    'com.docker.compose.privileged': 'true',
    'io.podman.privileged': '1',
  };
  const body = {
    Image: 'evil:u12',
    Labels: labels,
    Privileged: true,
    CapAdd: ['ALL'],
    hostConfig: { Privileged: true },
  };
  const { status, text } = await door.create({ ...body, HostConfig: { privileged: true, capadd: ['ALL'] } }, 'u12');
  assert.equal(status, 201, text);
  door.ok('start', 'u12');
  const plain = () => {
    assert.deepEqual(kindsOf('u12'), []);
    const seen = readFileSync(`/proc/${door.inspect('u12').State.Pid}/status`, 'utf8');
    assert.match(seen, /^CapBnd:\s+00000000a80425fb$/m);
    assert.match(seen, /^NoNewPrivs:\s+1$/m);
    assert.match(seen, /^Seccomp:\s+2$/m);
  };
  plain();
  const update = {
    Privileged: true,
    CapAdd: ['ALL'],
    HostConfig: { Privileged: true },
    Devices: [],
    SecurityOpt: ['x'],
    Memory: 1 << 26,
    MemorySwap: 1 << 27,
  };
  const updated = await door.ask('POST', '/containers/u12/update', JSON.stringify(update));
  assert.equal(updated.status, 200, updated.text);
  plain();
  door.ok('rename', 'u12', 'other');
  door.ok('rename', 'other', 'u12');
  door.ok('restart', '-t', '0', 'u12');
  plain();
  assert.equal(
    (await door.ask('POST', '/containers/u12/start', JSON.stringify({ HostConfig: { Privileged: true } }))).status,
    304,
  );
  plain();
  const inside = 'grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status';
  assert.match(door.ok('exec', 'u12', 'sh', '-c', inside), /CapEff:\s+00000000a80425fb\n.*1\n.*2/);
  assert.equal(door.ok('exec', '--user', '0', 'u12', 'id', '-u'), '0');
});

door.case('U12', 'what is asked for is given, recorded, told as an event, and survives the agent', async () => {
  const asked = [
    '--cap-add',
    'NET_ADMIN',
    '--pids-limit',
    '-1',
    '--pid',
    'host',
    '--security-opt',
    'no-new-privileges=false',
  ];
  door.ok('run', '--detach', '--name', 'asked', ...asked, 'busybox', 'sleep', '1000');
  const expected = ['capability', 'host-pid', 'host-root', 'host-user', 'new-privileges', 'pids-unlimited'];
  assert.deepEqual(kindsOf('asked').sort(), expected);
  await door.end('SIGKILL');
  await door.start();
  assert.deepEqual(kindsOf('asked').sort(), expected);
  door.ok('exec', '--privileged', 'asked', 'true');
  const lines = door.ok(
    'events',
    '--since',
    '5m',
    '--until',
    '0s',
    '--format',
    '{{json .}}',
    '--filter',
    'container=asked',
  );
  const told = lines.split('\n').map((line) => JSON.parse(line));
  for (const [action, words] of [
    ['create', /host-pid/],
    ['start', /capability CAP_NET_ADMIN/],
    ['exec_create: true', /capability ALL/],
  ] as const) {
    const event = told.find(({ Action }) => Action === action);
    assert.match(event.Actor.Attributes['org.berth.weakenings'], words, action);
  }
  const { text } = await door.ask('POST', '/containers/asked/update', JSON.stringify({ PidsLimit: 100 }));
  assert.match(text, /Warnings/);
  assert.ok(!kindsOf('asked').includes('pids-unlimited'));
});

door.case('U12', 'every option that is not honoured is refused, and leaves nothing', async () => {
  const profile = (more: object) => `seccomp=${JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', ...more })}`;
  const cases: [object, number][] = [
    [{ SecurityOpt: [profile({ listenerPath: '/run/x' })] }, 400],
    [
      {
        SecurityOpt: [
          profile({
            syscalls: [
              { names: ['mount'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, value: 2 ** 60, op: 'SCMP_CMP_EQ' }] },
            ],
          }),
        ],
      },
      400,
    ],
    [{ SecurityOpt: [profile({ architectures: ['SCMP_ARCH_TOASTER'] })] }, 400],
    [{ SecurityOpt: ['seccomp=/etc/passwd'] }, 400],
    [{ SecurityOpt: ['no-new-privileges=perhaps'] }, 400],
    [{ SecurityOpt: ['apparmor=a b'] }, 400],
    [{ PidMode: 'hosts' }, 400],
    [{ UTSMode: 'container:x' }, 400],
    [{ UsernsMode: 'container:x' }, 400],
    [{ CgroupnsMode: 'container:x' }, 400],
    [{ Sysctls: { 'kernel.core_pattern': '|/bin/sh' } }, 400],
    [{ Sysctls: { 'net.ipv4.ip_forward': '1' }, NetworkMode: 'host' }, 400],
    [{ Sysctls: { 'kernel.shmmax': '1\nkernel.core_pattern=x' } }, 400],
    [{ Sysctls: { 'net/../kernel/core_pattern': 'x' } }, 400],
    [{ Sysctls: { 'vm.overcommit_memory': '1' } }, 400],
    [{ Devices: [{ PathOnHost: '/dev/berth-no-such' }] }, 400],
    [{ Devices: [{ PathOnHost: '/etc/passwd', PathInContainer: '/dev/x' }] }, 400],
    [{ Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/etc/x' }] }, 400],
    [{ Devices: [{ PathOnHost: '/dev/null', CgroupPermissions: 'rwx' }] }, 400],
    [{ DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }] }, 400],
    [{ Runtime: 'runc' }, 400],
    [{ Isolation: 'hyperv' }, 400],
    [{ VolumeDriver: 'nfs' }, 404],
    [{ LogConfig: { Type: 'syslog' } }, 400],
    [{ CgroupParent: '/other' }, 501],
    [{ Init: true }, 501],
    [{ Links: ['a:b'] }, 501],
    [{ Ulimits: [{ Name: 'constructor', Soft: 1, Hard: 1 }] }, 400],
    [{ Ulimits: [{ Name: 'nofile', Soft: 5, Hard: 1 }] }, 400],
    [{ OomScoreAdj: -1001 }, 400],
    [{ ExtraHosts: ['a:1.2.3.4\n5.6.7.8 b'] }, 400],
    [{ Dns: ['1.1.1.1\nnameserver 2.2.2.2'] }, 400],
    [{ MaskedPaths: ['relative'] }, 400],
    [{ Tmpfs: { '/x': 'lowerdir=/etc' } }, 400],
    [{ Binds: ['made:/a', '/x:/b:exec'] }, 400],
    [
      {
        Mounts: [
          {
            Type: 'volume',
            Source: 'made',
            Target: '/x',
            VolumeOptions: { DriverConfig: { Name: 'local', Options: { o: 'bind', device: '/' } } },
          },
        ],
      },
      400,
    ],
    [{ Mounts: [{ Type: 'bind', Source: '/tmp', Target: '/x', BindOptions: { Propagation: 'sideways' } }] }, 400],
    [{ VolumesFrom: ['no-such-container'] }, 404],
  ];
  for (const [hostConfig, status] of cases) {
    const volume = { Type: 'volume', Source: 'made', Target: '/made' };
    const mounts = (hostConfig as { Mounts?: object[] }).Mounts ?? [];
    const answer = await door.create({ Image: 'busybox', HostConfig: { ...hostConfig, Mounts: [volume, ...mounts] } });
    assert.equal(answer.status, status, `${JSON.stringify(hostConfig)}: ${answer.text}`);
    assert.ok(JSON.parse(answer.text).message.length > 10);
  }
  assert.equal(
    (await door.ask('POST', '/volumes/create', '{"Name":"v","DriverOpts":{"o":"bind","device":"/"}}')).status,
    400,
  );
  assert.equal(door.ok('volume', 'ls', '--quiet'), '');
  assert.equal(door.ok('ps', '--all', '--quiet'), '');
});

door.case('U12', 'a seccomp profile of the caller’s is what holds, and is told', async () => {
  const file = path.join(door.directory, 'profile.json');
  const rules = [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }];
  writeFileSync(file, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: rules }));
  const { status, err } = door.docker(
    'run',
    '--name',
    'own',
    '--security-opt',
    `seccomp=${file}`,
    'busybox',
    'mkdir',
    '/x',
  );
  assert.notEqual(status, 0);
  assert.match(err, /not supported/i);
  assert.deepEqual(kindsOf('own'), ['seccomp-custom']);
  door.ok('run', '--rm', '--security-opt', 'seccomp=builtin', 'busybox', 'mkdir', '/x');
});

door.case('U12', 'devices, annotations and read-only binds are what was asked for', async () => {
  const device = door.docker('run', '--rm', '--device', '/dev/null:/dev/mine:r', 'busybox', 'ls', '-l', '/dev/mine');
  assert.match(device.out, /^crw.* 1, +3 .*\/dev\/mine/, device.err);
  const tree = path.join(door.directory, 'tree');
  mkdirSync(path.join(tree, 'below'), { recursive: true });
  spawnSync('mount', ['-t', 'tmpfs', 'none', path.join(tree, 'below')]);
  try {
    const touch = ['busybox', 'sh', '-c', 'touch /x/a; touch /x/below/a; true'];
    const { err } = door.docker('run', '--rm', '-v', `${tree}:/x:ro`, ...touch);
    assert.equal(err.match(/Read-only file system/g)?.length, 2, err);
    const spec = `type=bind,source=${tree},target=/x,readonly,bind-recursive=writable`;
    assert.equal(door.docker('run', '--rm', '--mount', spec, ...touch).err.match(/Read-only file system/g)?.length, 1);
  } finally {
    spawnSync('umount', [path.join(tree, 'below')]);
  }
  assert.equal(door.docker('run', '--rm', '--ipc', 'none', 'busybox', 'ls', '-d', '/dev/shm').status, 1);
  const masked = ['busybox', 'sh', '-c', 'wc -c < /proc/interrupts'];
  assert.equal(door.ok('run', '--rm', ...masked), '0');
  assert.notEqual(door.ok('run', '--rm', '--security-opt', 'systempaths=unconfined', ...masked), '0');
});

door.case('U9', 'who joins the namespaces of a container joins its user namespace, not the host’s', async () => {
  const up = (name: string, ...options: string[]) =>
    door.ok('run', '--detach', '--name', name, ...options, 'busybox', 'sleep', '1000');
  const pidOf = (name: string): number => door.inspect(name).State.Pid;
  const userNamespace = (name: string) => readlinkSync(`/proc/${pidOf(name)}/ns/user`);
  up('owner', '--ipc', 'shareable');
  up('joined', '--pid', 'container:owner', '--network', 'container:owner', '--ipc', 'container:owner');
  up('again', '--network', 'container:joined');
  for (const name of ['joined', 'again']) {
    assert.equal(userNamespace(name), userNamespace('owner'));
    assert.notEqual(userNamespace(name), readlinkSync('/proc/self/ns/user'));
    assert.match(readFileSync(`/proc/${pidOf(name)}/uid_map`, 'utf8'), /^ +0 +1\d{9} +65536\n$/);
    assert.deepEqual(door.inspect(name).Berth.UserNamespace, door.inspect('owner').Berth.UserNamespace);
  }
  assert.deepEqual(kindsOf('joined').sort(), ['shared-ipc', 'shared-network', 'shared-pid', 'shared-user']);
  assert.deepEqual(kindsOf('again').sort(), ['shared-network', 'shared-user']);
  assert.equal(door.ok('exec', 'joined', 'sh', '-c', 'touch /made && stat -c %u:%g /made'), '0:0');
  const file = path.join(door.directory, 'copied');
  writeFileSync(file, 'x');
  door.ok('cp', file, 'joined:/copied');
  assert.equal(door.ok('exec', 'joined', 'stat', '-c', '%u', '/copied'), '0');
  door.ok('restart', '-t', '0', 'owner');
  door.ok('restart', '-t', '0', 'joined');
  assert.equal(userNamespace('joined'), userNamespace('owner'));
  up('mixed', '--pid', 'container:owner', '--network', 'host');
  assert.deepEqual(kindsOf('mixed').sort(), ['host-network', 'host-root', 'host-user', 'shared-pid']);
  const refused = door.docker('run', '--rm', '--ipc', 'container:again', 'busybox', 'true');
  assert.match(refused.err, /non-shareable IPC/);
});

door.case('S7', 'JSON of every strange kind has one meaning or none', async () => {
  const deep = (length: number) => `${'['.repeat(length)}${']'.repeat(length)}`;
  const post = (text: string) => door.ask('POST', '/containers/create', text);
  for (const [text, status] of [
    [`{"Image":"busybox","x":${deep(100_000)}}`, 201],
    [`{"Image":"busybox","HostConfig":{"LogConfig":{"Type":"","x":${deep(100_000)}}}}`, 201],
    [`{"Image":"busybox","Healthcheck":{"x":${deep(100_000)}}}`, 201],
    [`{"Image":"busybox","Labels":{"a":${deep(100_000)}}}`, 400],
    [deep(1_000_000), 400],
    ['{"Image":"busybox","HostConfig":{"Memory":9007199254740993}}', 400],
    ['{"Image":"busybox","HostConfig":{"Memory":1e400}}', 400],
    ['{"Image":"busybox","HostConfig":{"PidsLimit":1.5}}', 400],
    ['{"Image":"busybox","HostConfig":{"OomScoreAdj":-0.1}}', 400],
    ['{"Image":"busybox"}{"Image":"busybox","HostConfig":{"Privileged":true}}', 400],
    ['{"Image":"busybox","HostConfig":{"Privileged":"true"}}', 400],
    ['{"Image":"busybox","HostConfig":{"Privileged":1}}', 400],
    ['\ufeff{"Image":"busybox"}', 400],
  ] as const) {
    const answer = await post(text);
    assert.equal(answer.status, status, `${text.slice(0, 80)} ${answer.text}`);
  }
  const polluted = await post(
    '{"Image":"busybox","__proto__":{"HostConfig":{"Privileged":true}},"HostConfig":{"__proto__":{"Privileged":true},"constructor":{"prototype":{"Privileged":true}}},"Labels":{"__proto__":"x"}}',
  );
  const { HostConfig } = door.inspect(JSON.parse(polluted.text).Id);
  assert.equal(HostConfig.Privileged, false);
  // Who sees the last of two sees what is judged: there is one reader.
  const twice = await post('{"Image":"busybox","HostConfig":{"Privileged":false,"Privileged":true}}');
  const id = JSON.parse(twice.text).Id;
  assert.equal(door.inspect(id).HostConfig.Privileged, kindsOf(id).includes('privileged'));
  const lone = await post('{"Image":"busybox","Cmd":["echo","\\ud800"],"Labels":{"\\udfff":"\\ud800"}}');
  assert.equal(lone.status, 201);
  door.ok('start', '--attach', JSON.parse(lone.text).Id);
});

door.case(
  'X3',
  'CVE-2026-41567: what is uploaded compressed is decoded before it is inside, by nothing of the image',
  async () => {
    const fake = path.join(door.directory, 'fake');
    mkdirSync(fake);
    writeFileSync(path.join(fake, 'f'), 'content\n');
    const tar = spawnSync('tar', ['-C', fake, '-cf', '-', 'f']).stdout;
    door.ok('create', '--name', 'x3', 'busybox', 'cat', '/tmp/f');
    const put = (bytes: Buffer) => {
      const file = path.join(door.directory, 'upload');
      writeFileSync(file, bytes);
      const line = ['-sS', '-H', 'Expect:', '-o', '-', '-w', '%{http_code}', '--unix-socket', door.socket, '-T', file];
      return spawnSync('curl', [...line, 'http://d/containers/x3/archive?path=/tmp'], { encoding: 'utf8' }).stdout;
    };
    for (const bytes of [tar, gzipSync(tar), zstdCompressSync(tar)]) {
      assert.match(put(bytes), /200$/);
      assert.equal(door.ok('start', '--attach', 'x3'), 'content');
    }
    for (const program of ['xz', 'bzip2']) {
      const { stdout, status } = spawnSync(program, ['-c'], { input: tar });
      assert.equal(status, 0, program);
      assert.match(put(stdout), /not supported: gzip and zstd are.*400$/s);
    }
    assert.match(put(Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6])), /400$/);
  },
);

door.case('X5', 'ids that are guessed, cut short or of something gone find nothing', async () => {
  const one = door.ok('run', '--detach', '--name', 'x5', 'busybox', 'sleep', '1000');
  const made = await door.ask('POST', `/containers/${one}/exec`, JSON.stringify({ Cmd: ['true'] }));
  const exec = JSON.parse(made.text).Id;
  for (const [method, target] of [
    ['POST', `/exec/${exec.slice(0, 12)}/start`],
    ['GET', `/exec/${exec.slice(0, 63)}/json`],
    ['GET', `/exec/${one}/json`],
    ['GET', `/containers/${exec}/json`],
    ['GET', `/containers/${'0'.repeat(64)}/logs?stdout=1`],
    ['POST', `/containers/${'f'.repeat(64)}/attach?stream=1&stdout=1`],
    ['GET', `/containers/..%2f..%2fetc/archive?path=/`],
    ['GET', '/containers/__proto__/stats?stream=false'],
    ['GET', '/exec/constructor/json'],
  ] as const) {
    const answer = await door.ask(method, target, method === 'POST' ? '{}' : '');
    assert.equal(answer.status, 404, `${target} ${answer.text}`);
  }
  door.ok('rm', '--force', 'x5');
  const gone = await door.ask('POST', `/exec/${exec}/start`, JSON.stringify({ Detach: true }));
  assert.ok([404, 409].includes(gone.status), gone.text);
  const ids = Array.from({ length: 20 }, () => door.ok('create', 'busybox', 'true'));
  const first = ids.map((id) => id[0]).find((letter, index, all) => all.indexOf(letter) !== index);
  assert.match((await door.ask('GET', `/containers/${first}/json`)).text, /Multiple IDs/);
});

door.case('X6', 'bytes of a stream that was taken over are its own, and no second request', async () => {
  const id = door.ok('run', '--detach', '--interactive', 'busybox', 'cat');
  const victim = door.ok('create', '--name', 'victim', 'busybox', 'true');
  const smuggled = `DELETE /containers/${victim}?force=1 HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n`;
  // All at once: the request, and what would be the next one if anybody read it so.
  const request = `POST /containers/${id}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n`;
  const seen = await talk(request + smuggled, (text) => text.includes('Content-Length: 0\r\n\r\n'));
  assert.match(seen, /^HTTP\/1\.1 101 /);
  assert.ok(seen.includes(`DELETE /containers/${victim}`), 'cat gives back what it was sent');
  assert.equal(door.inspect('victim').Name, '/victim');
  const other = door.ok('run', '--detach', 'busybox', 'sleep', '1000');
  const made = await door.ask(
    'POST',
    `/containers/${other}/exec`,
    JSON.stringify({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true }),
  );
  const body = '{"Detach":false,"Tty":false}';
  const start = `POST /exec/${JSON.parse(made.text).Id}/start HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  assert.ok((await talk(start + smuggled, (text) => text.includes('Content-Length: 0\r\n\r\n'))).includes('DELETE'));
  // One that is refused ends its connection, with what came after it.
  assert.match(await talk(start + smuggled, () => false), /^HTTP\/1\.1 409 /);
  // Two lengths, or a length and chunks: refused before anybody asks what they mean.
  for (const headers of [
    'Content-Length: 2\r\nContent-Length: 3',
    'Content-Length: 2\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked, identity',
  ]) {
    const text = await talk(
      `POST /containers/${victim}/rename?name=stolen HTTP/1.1\r\nHost: d\r\n${headers}\r\n\r\n{}`,
      () => false,
    );
    assert.match(text, /^HTTP\/1\.1 400 /, headers);
  }
  assert.equal(door.inspect('victim').Name, '/victim');
});

/** Sends all at once, reads until it is enough, half-closes, and reads to the end. */
function talk(text: string, isEnough: (seen: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(door.socket);
    let seen = '';
    socket.setTimeout(20_000, () => socket.destroy(new Error(`no end: ${seen}`)));
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      if (isEnough(seen)) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(seen));
    socket.write(text);
  });
}
