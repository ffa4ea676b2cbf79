/** berth-runtime by its command line: the life of a container, and what each field of config.json does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Bundles, type Config } from './bundle.ts';
import { runtimeEnvironment, runtimePath, slowness } from './supervised.ts';

const bundles = new Bundles();
const { call, shell } = { call: bundles.call.bind(bundles), shell: bundles.shell.bind(bundles) };
const timeout = 30_000 * slowness;
const live: string[] = [];

afterEach(() => {
  for (const id of live.splice(0)) call('delete', '--force', id);
  assert.deepEqual(bundles.leftovers(), []);
});
after(() => bundles.remove());

function running(change?: (config: Config) => void): string {
  const id = bundles.running(change);
  live.push(id);
  return id;
}

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 * slowness && !what(); tries++) await setTimeout(20);
}

test('the states of a life, and what each refuses', { timeout }, async () => {
  const { id, bundle } = bundles.make((config) => {
    config.process.args = ['sleep', '1000'];
    config.annotations = { 'org.example.a': 'b' };
  });
  live.push(id);
  const pidFile = path.join(bundle, 'pid');
  const options = ['--root', bundles.root, 'create', '--bundle', bundle, '--pid-file', pidFile, id];
  assert.equal(spawnSync(runtimePath, options, { stdio: 'ignore' }).status, 0);
  const created = bundles.state(id);
  assert.equal(created.status, 'created');
  assert.equal(created.bundle, bundle);
  assert.deepEqual(created.annotations, { 'org.example.a': 'b' });
  assert.equal(String(created.pid), readFileSync(pidFile, 'utf8'));
  assert.match(call('create', '--bundle', bundle, id).err, /exists already/);
  assert.match(call('delete', id).err, /is created; stop it first/);
  assert.equal(bundles.state(id).status, 'created');
  assert.equal(call('start', id).status, 0);
  assert.equal(bundles.state(id).status, 'running');
  assert.match(call('start', id).err, /is running/);
  assert.match(call('delete', id).err, /is running/);
  assert.match(call('resume', id).err, /is running/);
  assert.equal(call('pause', id).status, 0);
  assert.equal(bundles.state(id).status, 'paused');
  assert.match(call('exec', id, 'true').err, /is paused/);
  assert.equal(call('resume', id).status, 0);
  assert.match(call('kill', id, 'NOTHING').err, /no signal NOTHING/);
  assert.equal(call('kill', id, 'KILL').status, 0);
  await until(() => bundles.state(id).status === 'stopped');
  assert.equal(bundles.state(id).pid, 0);
  for (const command of ['kill', 'start', 'pause', 'ps']) assert.equal(call(command, id).status, 1, command);
  assert.match(call('exec', id, 'true').err, /is stopped/);
  assert.equal(call('delete', id).status, 0);
  assert.match(call('state', id).err, /does not exist/);
  assert.match(call('delete', id).err, /does not exist/);
  assert.equal(call('delete', '--force', id).status, 0);
});

test('create makes nothing of a bundle that is wrong', { timeout }, () => {
  const wrong: [RegExp, (config: Config) => void][] = [
    [/ociVersion/, (config) => delete config.ociVersion],
    [/ociVersion must be 1\.x/, (config) => Object.assign(config, { ociVersion: '2.0' })],
    [/process is missing/, (config) => delete config.process],
    [/process\.args/, (config) => Object.assign(config.process, { args: [] })],
    [/process\.cwd/, (config) => Object.assign(config.process, { cwd: 'tmp' })],
    [/NAME=value/, (config) => config.process.env.push('HOME')],
    [/bounding\[\d+\] must be a string/, (config) => config.process.capabilities.bounding.push(5)],
    [/noNewPrivileges must be of JSON type boolean/, (config) => (config.process.noNewPrivileges = 'true')],
    [/readonly must be of JSON type boolean/, (config) => (config.root.readonly = 1)],
    [/mounts must be of JSON type array/, (config) => (config.mounts = {})],
    [/no negative number/, (config) => (config.process.rlimits = [{ type: 'RLIMIT_CORE', soft: -1, hard: 1 }])],
    [/oomScoreAdj must be from/, (config) => (config.process.oomScoreAdj = 1001)],
    [/RLIMIT_NOTHING/, (config) => config.process.rlimits.push({ type: 'RLIMIT_NOTHING', soft: 1, hard: 1 })],
    [/given twice/, (config) => config.process.rlimits.push({ type: 'RLIMIT_NOFILE', soft: 1, hard: 1 })],
    [/uid must be a number/, (config) => Object.assign(config.process.user, { uid: 2 ** 32 })],
    [/uid must be a number/, (config) => Object.assign(config.process.user, { uid: '0' })],
    [/4294967295 is no id/, (config) => Object.assign(config.process.user, { uid: 2 ** 32 - 1 })],
    [/root\.path is missing/, (config) => Object.assign(config.root, { path: '' })],
    [/not a directory/, (config) => Object.assign(config.root, { path: 'nowhere' })],
    [/unknown namespace/, (config) => config.linux.namespaces.push({ type: 'cloud' })],
    [/given twice/, (config) => config.linux.namespaces.push({ type: 'pid' })],
    [/hostname needs a uts/, (config) => config.linux.namespaces.splice(3, 1)],
    [/uidMappings/, (config) => config.linux.namespaces.push({ type: 'user' })],
    [/absolute path/, (config) => config.mounts.push({ destination: 'tmp', type: 'tmpfs' })],
    [
      /nothing may be mounted below \/proc/,
      (config) => config.mounts.push({ destination: '/proc/sys', type: 'tmpfs' }),
    ],
    [/fsopen.*nofs|nofs/, (config) => config.mounts.push({ destination: '/tmp', type: 'nofs' })],
    [/must not contain/, (config) => Object.assign(config.linux, { cgroupsPath: '/a/../b' })],
    [
      /kernel\.core_pattern is not of a namespace/,
      (config) => (config.linux.sysctl = { 'kernel.core_pattern': '|/x' }),
    ],
    [/timeOffsets needs/, (config) => (config.linux.timeOffsets = { monotonic: { secs: 1 } })],
    [/personality/, (config) => (config.linux.personality = { domain: 'BSD' })],
    [/intelRdt is not supported/, (config) => (config.linux.intelRdt = { closID: 'a' })],
    [/hooks\.prestart\[0\]\.path/, (config) => (config.hooks = { prestart: [{ path: 'x' }] })],
    [/scheduler\.policy/, (config) => (config.process.scheduler = { policy: 'SCHED_NONE' })],
    [/unknown defaultAction/, (config) => (config.linux.seccomp = { defaultAction: 'SCMP_ACT_MAYBE' })],
    [/--console-socket/, (config) => Object.assign(config.process, { terminal: true })],
  ];
  for (const [message, change] of wrong) {
    const { id, bundle } = bundles.make(change);
    const answer = call('create', '--bundle', bundle, id);
    assert.notEqual(answer.status, 0, String(message));
    assert.match(answer.err, message);
    assert.deepEqual(bundles.leftovers(), [], String(message));
  }
});

test('ids, options and files that are none are refused', { timeout }, () => {
  const { bundle } = bundles.make();
  for (const id of ['../x', '.hidden', 'a b', 'a/b', 'a\nb', 'x'.repeat(300)])
    assert.match(call('create', '--bundle', bundle, id).err, /an? id/, JSON.stringify(id));
  assert.match(call('create', '--bundle', bundle).err, /needs the id/);
  assert.match(call('create', '--no-pivot', '--bundle', bundle, 'x').err, /--no-pivot is not supported/);
  assert.match(call('--systemd-cgroup', 'create', 'x').err, /cgroupfs/);
  assert.match(call('nothing').err, /there is no nothing/);
  assert.match(call('create', '--bundle', '/nonexistent', 'x').err, /No such file/);
  writeFileSync(path.join(bundle, 'config.json'), '{"ociVersion": "1.0.0",');
  assert.match(call('create', '--bundle', bundle, 'x').err, /not a JSON object/);
});

test('errors go to the log, as JSON where asked', { timeout }, () => {
  const log = path.join(bundles.image.directory, 'log');
  call('--log', log, '--log-format', 'json', 'state', 'none"such');
  const { level, msg } = JSON.parse(readFileSync(log, 'utf8'));
  assert.equal(level, 'error');
  assert.match(msg, /none"such/);
});

test('run passes standard input, output and the exit code; a program that is not there is 1', { timeout }, () => {
  const { id, bundle } = bundles.make((config) => {
    config.process.args = ['sh', '-c', 'cat; echo wrong >&2; exit 7'];
  });
  const answer = bundles.callWith({ input: 'hello\n' }, 'run', '--bundle', bundle, id);
  assert.deepEqual([answer.status, answer.out, answer.err], [7, 'hello\n', 'wrong\n']);
  for (const name of ['nothing', '/bin/nothing', '/etc/passwd']) {
    const missing = bundles.run((config) => Object.assign(config.process, { args: [name] }));
    assert.equal(missing.status, 1);
    assert.match(missing.err, name === '/etc/passwd' ? /Permission denied/ : /not found|No such file/);
  }
  assert.equal(bundles.run((config) => Object.assign(config.process, { args: ['sh', '-c', 'kill -9 $$'] })).status, 0);
});

test('hooks run in their order and places, with their own environment and the state', { timeout }, () => {
  const hook = path.join(bundles.image.directory, 'hook');
  const told = path.join(bundles.image.directory, 'told');
  writeFileSync(hook, `#!/bin/sh\n{ echo "$1 $(env | grep -vc '^PWD=\\|^SHLVL=\\|^_=')"; cat; echo; } >> ${told}\n`, {
    mode: 0o755,
  });
  const kinds = ['prestart', 'createRuntime', 'createContainer', 'poststart', 'poststop'];
  const { id, bundle } = bundles.make((config) => {
    config.process.args = ['true'];
    config.process.env = ['PATH=/bin', 'LD_PRELOAD=/evil.so'];
    config.hooks = Object.fromEntries(kinds.map((kind) => [kind, [{ path: hook, args: ['hook', kind] }]]));
    config.hooks.startContainer = [{ path: '/bin/sh', args: ['sh', '-c', '/bin/cat > /started'] }];
  });
  const answer = bundles.callWith({ env: { LD_PRELOAD_OF_CALLER: 'x' } }, 'run', '--bundle', bundle, id);
  assert.deepEqual([answer.status, answer.err], [0, '']);
  const lines = readFileSync(told, 'utf8').trim().split('\n');
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('{')),
    kinds.map((kind) => `${kind} 0`),
  );
  const states = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  assert.deepEqual(
    states.map((state) => state.status),
    ['creating', 'creating', 'creating', 'running', 'stopped'],
  );
  for (const state of states) assert.deepEqual([state.id, state.bundle], [id, bundle]);
  assert.ok(states[0].pid > 0 && states[2].pid === states[0].pid);
  assert.equal(JSON.parse(readFileSync(path.join(bundle, 'rootfs/started'), 'utf8')).status, 'created');
});

test('a hook that fails or is late fails the create, and nothing stays', { timeout }, () => {
  const late = { path: '/bin/sh', args: ['sh', '-c', 'sleep 60'], timeout: 1 };
  const failing = { path: '/bin/sh', args: ['sh', '-c', 'echo reason >&2; exit 3'] };
  for (const kind of ['prestart', 'createRuntime', 'createContainer']) {
    const { id, bundle } = bundles.make((config) => Object.assign(config, { hooks: { [kind]: [failing] } }));
    assert.match(call('create', '--bundle', bundle, id).err, /exit code 3: reason/, kind);
    assert.deepEqual(bundles.leftovers(), []);
  }
  const { id, bundle } = bundles.make((config) => Object.assign(config, { hooks: { createRuntime: [late] } }));
  assert.match(call('create', '--bundle', bundle, id).err, /longer than its timeout/);
});

test('exec: exit code, user, directory, environment, detached', { timeout }, async () => {
  const id = running();
  assert.equal(call('exec', id, 'sh', '-c', 'exit 9').status, 9);
  assert.equal(call('exec', '--user', '5:6', '-g', '7', id, 'id').out.trim(), 'uid=5 gid=6 groups=7');
  for (const user of [
    '+1',
    ' 1',
    '0x1',
    '1:',
    ':1',
    '1:2:3',
    'root',
    '-1',
    '4294967295',
    '4294967296',
    '99999999999999999999',
  ])
    assert.notEqual(call('exec', `--user=${user}`, id, 'id').status, 0, user);
  assert.equal(call('exec', '--cwd', '/tmp', '--env', 'A=b', id, 'sh', '-c', 'pwd; echo $A').out, '/tmp\nb\n');
  assert.match(call('exec', id, 'nothing').err, /not found in PATH/);
  const pidFile = path.join(bundles.image.directory, 'exec-pid');
  const options = ['--root', bundles.root, 'exec', '--detach', '--pid-file', pidFile, id, 'sleep', '500'];
  assert.equal(spawnSync(runtimePath, options, { stdio: 'ignore' }).status, 0);
  const pids = JSON.parse(call('ps', '--format', 'json', id).out);
  assert.ok(pids.includes(Number(readFileSync(pidFile, 'utf8'))));
  assert.match(call('ps', id).out, /sleep 500/);
  const document = path.join(bundles.image.directory, 'process.json');
  writeFileSync(
    document,
    JSON.stringify({ args: ['id', '-u'], env: ['PATH=/bin'], cwd: '/', user: { uid: 3, gid: 3 } }),
  );
  assert.equal(call('exec', '--process', document, id).out.trim(), '3');
});

test('terminals: handed over by the console socket, or passed on in the foreground', { timeout }, () => {
  const socket = path.join(bundles.image.directory, 'console.sock');
  const { id, bundle } = bundles.make((config) => {
    config.process.terminal = true;
    config.process.args = ['sh', '-c', 'tty; echo $PPID; exit 4'];
  });
  live.push(id);
  const receive = `
import os, socket, subprocess, sys
at = socket.socket(socket.AF_UNIX); at.bind(sys.argv[1]); at.listen(1)
subprocess.run(sys.argv[2:] + ["create", "--console-socket", sys.argv[1], "--bundle", "${bundle}", "${id}"], check=True, stdin=0)
_, fds, _, _ = socket.recv_fds(at.accept()[0], 100, 1)
subprocess.run(sys.argv[2:] + ["start", "${id}"], check=True)
text = b""
try:
  while True: text += os.read(fds[0], 1000)
except OSError: print(text.decode(), end="")`;
  const answer = spawnSync('python3', ['-c', receive, socket, runtimePath, '--root', bundles.root], {
    encoding: 'utf8',
  });
  assert.equal(answer.stdout.replaceAll('\r', ''), '/dev/pts/0\n0\n', answer.stderr);
  const line = (args: string) => `${runtimePath} --root ${bundles.root} ${args}`;
  const second = bundles.make((config) => {
    config.process.terminal = true;
    config.process.args = ['sh', '-c', 'tty; exit 4'];
  });
  const command = line(`run --bundle ${second.bundle} ${second.id}`);
  const foreground = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' });
  assert.equal(foreground.status, 4);
  assert.match(foreground.stdout, /\/dev\/pts\/0\r?$/m); // script itself may say something before and after
  const inside = running();
  const exec = spawnSync('script', ['-qec', line(`exec -t ${inside} sh -c 'tty; exit 5'`), '/dev/null'], {
    encoding: 'utf8',
  });
  assert.equal(exec.status, 5);
  assert.match(exec.stdout, /\/dev\/pts\/0\r?$/m);
});

test('no descriptor of the host is open inside, at the gate, running or in an exec', { timeout }, () => {
  const open = (pid: number) =>
    readdirSync(`/proc/${pid}/fd`)
      .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
      .filter((target) => target !== '/dev/null' && target !== process.env.BERTH_SANITIZER_REPORTS);
  const { id, bundle } = bundles.make((config) => Object.assign(config.process, { args: ['sleep', '1000'] }));
  live.push(id);
  const script = `exec 7</etc/passwd 8</; exec ${runtimePath} --root ${bundles.root} create --bundle ${bundle} ${id}`;
  assert.equal(spawnSync('sh', ['-c', script], { stdio: 'ignore' }).status, 0);
  const { pid } = bundles.state(id);
  assert.match(open(pid).join(' '), /^socket:\[\d+\]$/); // its gate
  assert.equal(call('start', id).status, 0);
  assert.deepEqual(open(pid), []);
  const list = 'for f in /proc/self/fd/*; do echo ${f##*/}; done';
  const preserved = `exec 3</etc/passwd 4</etc/group 5</; exec ${runtimePath} --root ${bundles.root} exec --preserve-fds 1 ${id} sh -c 'echo $(ls /proc/self/fd); cat <&3 | head -n 1; ${list} > /dev/null'`;
  const answer = spawnSync('sh', ['-c', preserved], { encoding: 'utf8' });
  assert.deepEqual(answer.stdout.trim().split('\n'), ['0 1 2 3 4', 'root:x:0:0:root:/root:/bin/bash']); // 4: ls's own
});

test('each field of process is what the program finds', { timeout }, () => {
  const status = (name: string, text: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(text)?.[1];
  const text = shell(
    'cat /proc/self/status /proc/self/limits; umask; id; pwd; cat /proc/self/oom_score_adj',
    (config) => {
      const { process } = config;
      process.cwd = '/made/on/the/way';
      process.user = { uid: 1, gid: 2, additionalGids: [3, 4], umask: 0o27 };
      process.capabilities = {
        bounding: ['CAP_KILL', 'CAP_CHOWN'],
        permitted: ['CAP_KILL', 'CAP_CHOWN'],
        effective: ['CAP_KILL'],
        inheritable: ['CAP_KILL'],
        ambient: ['CAP_KILL'],
      };
      process.rlimits = [{ type: 'RLIMIT_CORE', soft: 1, hard: 2 }];
      process.oomScoreAdj = 500;
    },
  );
  assert.deepEqual(
    ['CapBnd', 'CapPrm', 'CapEff', 'CapInh', 'CapAmb'].map((name) => Number.parseInt(status(name, text) ?? '', 16)),
    [0x21, 0x20, 0x20, 0x20, 0x20],
  );
  assert.equal(status('NoNewPrivs', text), '1');
  assert.match(text, /Max core file size\s+1\s+2 /);
  assert.match(text, /^0027$/m);
  assert.match(text, /uid=1 gid=2 groups=3,4/);
  assert.match(text, /^\/made\/on\/the\/way$/m);
  assert.match(text, /^500$/m);
  const none = shell('cat /proc/self/status', (config) => delete config.process.capabilities);
  assert.equal(Number.parseInt(status('CapEff', none) ?? '', 16), 0);
});

test('scheduler, I/O priority and personality', { timeout }, () => {
  const text = shell('cut -d" " -f19,41 /proc/self/stat; ionice; uname -m', (config) => {
    config.process.scheduler = { policy: 'SCHED_BATCH', nice: 5 };
    config.process.ioPriority = { class: 'IOPRIO_CLASS_IDLE', priority: 0 };
    config.linux.personality = { domain: 'LINUX32' };
  });
  const [numbers, io, machine] = text.split('\n');
  assert.deepEqual([numbers, machine], ['5 3', 'i686']);
  assert.match(io ?? '', /idle/);
});

test('host name, domain name, sysctls, masked and read-only paths, read-only root', { timeout }, () => {
  const script =
    'hostname; cat /proc/sys/kernel/domainname /proc/sys/kernel/shmmni /proc/sys/net/ipv4/ip_forward; ' +
    'cat /proc/version | wc -c; ls /sys/kernel | wc -l; touch /proc/sys/kernel/shmmni /x 2>&1; echo 5 2>&1 > /proc/sys/kernel/shmmni';
  const answer = bundles.run((config) => {
    config.process.args = ['sh', '-c', script];
    config.hostname = 'named';
    config.domainname = 'domain';
    config.root.readonly = true;
    config.linux.sysctl = { 'kernel.shmmni': '1234', 'net.ipv4.ip_forward': '1' };
    config.linux.maskedPaths.push('/proc/version', '/sys/kernel', '/nowhere');
  });
  const lines = answer.out.split('\n');
  assert.deepEqual(lines.slice(0, 6), ['named', 'domain', '1234', '1', '0', '0']);
  assert.equal(answer.out.match(/Read-only file system/g)?.length, 3);
});

test('namespaces: new ones, joined by path, shared with the host; offsets of clocks', { timeout }, () => {
  const names = ['pid', 'net', 'ipc', 'uts', 'mnt', 'cgroup'];
  const read = names.map((name) => `readlink /proc/self/ns/${name}`).join('; ');
  const own = names.map((name) => readlinkSync(`/proc/self/ns/${name}`));
  const inside = shell(read).split('\n');
  assert.equal(inside.filter((name) => own.includes(name)).length, 0);
  const shared = shell(read, (config) => {
    delete config.hostname;
    config.linux.namespaces = [{ type: 'mount' }];
    config.mounts = config.mounts.filter(({ type }: { type: string }) => type !== 'mqueue');
  }).split('\n');
  assert.deepEqual(
    shared.map((name, at) => name === own[at]),
    [true, true, true, true, false, true],
  );
  const { pid } = bundles.state(running());
  const joined = shell('hostname; readlink /proc/self/ns/net', (config) => {
    delete config.hostname;
    for (const namespace of config.linux.namespaces)
      if (namespace.type === 'network') namespace.path = `/proc/${pid}/ns/net`;
      else if (namespace.type === 'uts') namespace.path = `/proc/${pid}/ns/uts`;
  });
  assert.equal(joined, `berth\n${readlinkSync(`/proc/${pid}/ns/net`)}`);
  const seconds = Number(
    shell('cut -d. -f1 /proc/uptime', (config) => {
      config.linux.namespaces.push({ type: 'time' });
      config.linux.timeOffsets = { boottime: { secs: 1_000_000 }, monotonic: { secs: 5, nanosecs: 7 } };
    }),
  );
  assert.ok(seconds > 1_000_000);
});

test('a user namespace, with ids as mapped', { timeout }, () => {
  const text = shell('id -u; cat /proc/self/uid_map; touch /tmp/mine; stat -c %u /tmp/mine', (config) => {
    config.linux.namespaces.push({ type: 'user' });
    config.linux.uidMappings = [{ containerID: 0, hostID: 1_600_000, size: 65_536 }];
    config.linux.gidMappings = config.linux.uidMappings;
    config.mounts.push({ destination: '/tmp', type: 'tmpfs', source: 'tmpfs' });
  });
  assert.deepEqual(
    text.split('\n').map((line) => line.trim().replaceAll(/\s+/g, ' ')),
    ['0', '0 1600000 65536', '0'],
  );
});

test('mounts: order, options, bind, read-only all the way, propagation', { timeout }, () => {
  const source = path.join(bundles.image.directory, 'source');
  mkdirSync(path.join(source, 'below'), { recursive: true });
  writeFileSync(path.join(source, 'file'), 'of the host\n');
  const text = shell(
    'cat /bound/file; touch /bound/x 2>&1; grep -e " /bound " -e " /mem " /proc/self/mountinfo',
    (config) => {
      config.mounts.push(
        { destination: '/bound', type: 'bind', source, options: ['rbind', 'rro', 'nosuid', 'nodev', 'noexec'] },
        { destination: '/mem', type: 'tmpfs', source: 'tmpfs', options: ['size=64k', 'mode=700', 'noatime'] },
      );
    },
  );
  assert.match(text, /^of the host$/m);
  assert.match(text, /Read-only file system/);
  assert.match(text, / \/bound ro,nosuid,nodev,noexec,relatime/);
  assert.match(text, / \/mem rw,noatime .*size=64k,mode=700/);
  assert.equal(existsSync(path.join(source, 'x')), false);
});

test('where the host’s mounts are shared, nothing of a container shows among them', { timeout }, () => {
  const source = path.join(bundles.image.directory, 'shared');
  mkdirSync(source);
  const { id, bundle } = bundles.make((config) => {
    for (const set of ['bounding', 'permitted', 'effective']) config.process.capabilities[set].push('CAP_SYS_ADMIN');
    config.mounts.push({ destination: '/v', type: 'bind', source, options: ['rbind'] });
    config.process.args = ['sh', '-c', 'mkdir /v/a && mount -t tmpfs inner /v/a && echo mounted; sleep 1'];
  });
  const script = `mount -t tmpfs outer ${source}; "$@" & sleep 0.6; cat /proc/self/mountinfo; wait`;
  const run = [runtimePath, '--root', bundles.root, 'run', '--bundle', bundle, id];
  const shared = ['--mount', '--propagation', 'shared', 'sh', '-c', `mount --make-rshared /; ${script}`, 'sh'];
  const outside = ['--mount', '--propagation', 'private', 'unshare', ...shared, ...run];
  const answer = spawnSync('unshare', outside, { encoding: 'utf8', timeout });
  assert.match(answer.stdout, /^mounted$/m, answer.stderr);
  assert.match(answer.stdout, / - tmpfs outer /);
  assert.doesNotMatch(answer.stdout, / - tmpfs inner |rootfs\/proc/);
});

test('devices: nodes that were asked for, and no other can be opened', { timeout }, () => {
  const text = shell(
    'stat -c %F,%t:%T,%a /dev/extra /dev/fifo; mknod /tmp/mem c 1 1 && cat /tmp/mem 2>&1 | head -n 1; echo x > /dev/null && echo null',
    (config) => {
      for (const set of ['bounding', 'permitted', 'effective']) config.process.capabilities[set].push('CAP_MKNOD');
      config.linux.devices = [
        { path: '/dev/extra', type: 'c', major: 1, minor: 11, fileMode: 0o640, uid: 0, gid: 0 },
        { path: '/dev/fifo', type: 'p', fileMode: 0o600 },
      ];
    },
  );
  assert.deepEqual(text.split('\n'), [
    'character special file,1:b,640',
    'fifo,0:0,600',
    "cat: can't open '/tmp/mem': Operation not permitted",
    'null',
  ]);
});

test('a profile or label that the kernel cannot give is an error, never skipped', { timeout }, () => {
  const attempt = (process: object) =>
    bundles.run((config) => Object.assign(config.process, { args: ['true'] }, process));
  assert.equal(attempt({ apparmorProfile: 'unconfined' }).status, 0);
  for (const apparmorProfile of ['berth-no-such-profile', 'a b', 'a//&b', ':ns:a', 'a\nb', 'unconfined_foo']) {
    const answer = attempt({ apparmorProfile });
    assert.equal(answer.status, 1, apparmorProfile);
    assert.match(answer.err, /applying a security label/);
  }
  assert.match(attempt({ selinuxLabel: 'system_u:system_r:container_t:s0:c1,c2' }).err, /applying a security label/);
  const labelled = bundles.run((config) => {
    config.process.args = ['true'];
    config.linux.mountLabel = 'system_u:object_r:container_file_t:s0:c1,c2';
  });
  assert.match(labelled.err, /SELinux label/);
});

test('seccomp: errno, arguments, calls newer than the profile; the compiled filter is used again', { timeout }, () => {
  const script = 'mkdir /tmp/a 2>&1; ln -s a /tmp/b 2>&1; echo ok';
  const profile = (config: Config) => {
    config.linux.seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
      syscalls: [
        { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 28 },
        { names: ['symlink', 'symlinkat', 'not_a_call'], action: 'SCMP_ACT_ERRNO' },
      ],
    };
  };
  const first = shell(script, profile);
  assert.match(first, /No space left on device[\s\S]*Operation not permitted[\s\S]*ok/);
  const kept = readdirSync(path.join(bundles.root, '.seccomp'));
  assert.equal(kept.length, 1);
  assert.equal(shell(script, profile), first);
  assert.deepEqual(readdirSync(path.join(bundles.root, '.seccomp')), kept);
  writeFileSync(path.join(bundles.root, '.seccomp', kept[0] ?? ''), 'something else');
  assert.equal(shell(script, profile), first);
});

test('resources hold, and update changes them', { timeout }, () => {
  const id = running((config) => {
    config.linux.resources = { pids: { limit: 30 }, memory: { limit: 64 << 20 } };
  });
  const fork = () => call('exec', id, 'sh', '-c', 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; echo done').out;
  assert.equal(fork(), 'done\n');
  assert.equal(call('update', '--pids-limit', '4', id).status, 0);
  assert.doesNotMatch(fork(), /done/);
  assert.match(call('update', '--memory', 'much', id).err, /takes a number/);
  const stats = JSON.parse(call('events', '--stats', id).out);
  assert.deepEqual(
    [stats.type, stats.id, stats.data.pids.limit, stats.data.memory.usage.limit],
    ['stats', id, 4, 64 << 20],
  );
  const answer = bundles.callWith({ input: '{"pids":{"limit":40}}' }, 'update', '--resources', '-', id);
  assert.equal(answer.status, 0, answer.err);
  assert.equal(fork(), 'done\n');
});

test('kill -9 of the runtime on its way leaves nothing that delete --force does not take', { timeout }, async () => {
  const { id, bundle } = bundles.make((config) => {
    config.hooks = { createRuntime: [{ path: '/bin/sleep', args: ['sleep', '30'] }] };
  });
  live.push(id);
  const script = `${runtimePath} --root ${bundles.root} create --bundle ${bundle} ${id} & sleep ${0.3 * slowness}; kill -9 $!`;
  spawnSync('sh', ['-c', script], { stdio: 'ignore' });
  assert.match(call('start', id).err, /is creating/);
  assert.equal(call('delete', '--force', id).status, 0);
});

test('a page of the copy that the kernel holds is waited for, not for ever', { timeout }, () => {
  const busy = (which: string) => {
    const { id, bundle } = bundles.make((config) => {
      config.process.args = ['echo', 'made'];
    });
    const inject = `-e trace=fcntl -e inject=fcntl:error=EBUSY:when=${which} -o ${path.join(bundle, 'trace')}`.split(
      ' ',
    );
    const line = [...inject, runtimePath, '--root', bundles.root, 'run', '--bundle', bundle, id];
    return spawnSync('strace', line, { env: runtimeEnvironment, encoding: 'utf8' });
  };
  // The first fcntl asks whether the program is sealed already.
  const { stdout, stderr } = busy('2..4');
  assert.equal(stdout, 'made\n', stderr);
  const never = busy('2+');
  assert.equal(never.status, 1);
  assert.match(never.stderr, /sealing the runtime: fcntl: F_ADD_SEALS: Device or resource busy/);
});

test('list, features and spec tell what there is', { timeout }, () => {
  const id = running();
  assert.equal(call('list', '--quiet').out, `${id}\n`);
  assert.equal(JSON.parse(call('list', '--format', 'json').out)[0].status, 'running');
  const features = JSON.parse(call('features').out);
  assert.equal(features.ociVersionMax, '1.2.0');
  assert.ok(features.linux.namespaces.includes('time') && features.hooks.includes('poststop'));
  const { bundle } = bundles.make();
  assert.match(call('spec', '--bundle', bundle).err, /File exists/);
});
