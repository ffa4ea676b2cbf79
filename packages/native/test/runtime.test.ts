/** What a container is, seen from inside it. Runs on this machine's cgroups and, in the emulated machine, on pure v2. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeImage, run, Supervised, slowness } from './supervised.ts';

const image = makeImage();
const timeout = 60_000 * Math.min(slowness, 4);
let count = 0;
const id = () => `c${count++}`;

after(() => {
  image.remove();
  for (const mount of ['', ...readdirSync('/sys/fs/cgroup')]) {
    const directory = path.join('/sys/fs/cgroup', mount, `berth-test-${process.pid}`);
    if (existsSync(directory)) rmdirSync(directory);
  }
});

test('the program is process 1 and sees no other process', { timeout }, async () => {
  const { output } = await run(image, id(), { args: ['sh', '-c', 'echo $$; ps > /tmp/list; wc -l < /tmp/list'] });
  assert.deepEqual(
    output
      .split('\n')
      .slice(0, 2)
      .map((line) => line.trim()),
    ['1', '3'],
  );
});

test('host name, network, ipc and cgroup are its own', { timeout }, async () => {
  const { output } = await run(image, id(), {
    args: [
      'sh',
      '-c',
      'hostname; ip -o link | wc -l; cat /proc/self/cgroup; for n in net ipc uts pid mnt user cgroup; do stat -Lc %i /proc/self/ns/$n; done',
    ],
  });
  const lines = output.trim().split('\n');
  assert.equal(lines[0], 'boxed');
  assert.equal(lines[1], '1');
  for (const line of lines.filter((one) => /^\d+:/.test(one) && !one.includes('name='))) assert.match(line, /:\/$/);
  const inside = lines.slice(-7);
  const outside = ['net', 'ipc', 'uts', 'pid', 'mnt', 'user', 'cgroup'].map((name) =>
    String(statSync(`/proc/self/ns/${name}`).ino),
  );
  for (const [index, inode] of inside.entries()) assert.notEqual(inode, outside[index]);
});

test('its root is an unprivileged user of the host and its files belong to 0 on disk', { timeout }, async () => {
  const { output, container } = await run(image, id(), {
    args: ['sh', '-c', 'cat /proc/self/uid_map; touch /made; stat -c %u /made'],
  });
  assert.match(output, /0\s+1500000\s+65536\n0\n/);
  assert.equal(statSync(path.join(container.directory, 'state/layer/upper/made')).uid, 0);
});

test('two containers share the image read-only and do not see each other’s writes', { timeout }, async () => {
  const first = await run(image, id(), { args: ['sh', '-c', 'echo mine > /bin/note; cat /bin/note'] });
  const second = await run(image, id(), { args: ['cat', '/bin/note'] });
  assert.equal(first.output, 'mine\n');
  assert.equal(second.exitCode, 1);
  assert.equal(existsSync(path.join(image.lower, 'bin/note')), false);
});

test('the layer of a throwaway container is not synced, and can be used again', { timeout }, async () => {
  const options = {
    args: ['sh', '-c', 'grep -c "^overlay / .*volatile" /proc/self/mounts; cat /kept; echo kept > /kept'],
  };
  const name = id();
  assert.match((await run(image, name, { ...options, volatile: true })).output, /^1\n/);
  assert.equal((await run(image, name, { ...options, volatile: true })).output, '1\nkept\n');
  assert.match((await run(image, id(), options)).output, /^0\n/);
});

test('the root can be made read-only', { timeout }, async () => {
  const { output } = await run(image, id(), { args: ['touch', '/x'], readonly: true });
  assert.match(output, /Read-only file system/);
});

test('capabilities are exactly those asked for, and nothing is gained by execve', { timeout }, async () => {
  const { output } = await run(image, id(), { args: ['grep', '-E', 'Cap|NoNewPrivs', '/proc/self/status'] });
  const bits = (1 + 2 ** 5).toString(16).padStart(16, '0');
  assert.match(output, /CapInh:\t0{16}/);
  for (const set of ['CapPrm', 'CapEff', 'CapBnd']) assert.match(output, new RegExp(`${set}:\\t${bits}`));
  assert.match(output, /CapAmb:\t0{16}/);
  assert.match(output, /NoNewPrivs:\t1/);
});

test('masked paths are empty and kernel settings read-only', { timeout }, async () => {
  const { output } = await run(image, id(), {
    args: [
      'sh',
      '-c',
      'cat /proc/timer_list /proc/keys | wc -c; ls /sys/firmware | wc -l; echo 1 > /proc/sys/vm/overcommit_memory',
    ],
  });
  assert.match(output, /^0\n0\n/);
  assert.match(output, /Read-only file system/);
});

test('the memory limit holds and an OOM kill is told', { timeout }, async () => {
  const { output, oomKilled } = await run(image, id(), {
    args: ['sh', '-c', 'tail /dev/zero; echo code $?'],
    resources: { memory: { limit: 16 * 1024 * 1024, swap: 16 * 1024 * 1024 } },
  });
  assert.match(output, /code 137/);
  assert.equal(oomKilled, true);
});

test('the pids limit holds', { timeout }, async () => {
  const { output } = await run(image, id(), {
    args: ['sh', '-c', 'for i in $(seq 40); do sleep 1 & done; echo made all'],
    resources: { pids: { limit: 12 } },
  });
  assert.match(output, /can't fork/);
  assert.doesNotMatch(output, /made all/);
});

test('the cpu quota holds under load', { timeout }, async () => {
  const container = new Supervised(image, id(), {
    args: ['sh', '-c', 'while true; do :; done'],
    resources: { cpu: { quota: 20_000, period: 100_000 } },
  });
  const { cgroups } = await container.start();
  const used = () => {
    const v2 = cgroups.v2 === undefined ? null : readFileSync(`${cgroups.v2}/cpu.stat`, 'utf8');
    return v2 === null
      ? Number(readFileSync(`${cgroups.cpuacct}/cpuacct.usage`, 'utf8'))
      : Number(/usage_usec (\d+)/.exec(v2)?.[1]) * 1000;
  };
  const [before, since] = [used(), process.hrtime.bigint()];
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const share = (used() - before) / Number(process.hrtime.bigint() - since);
  const throttled = /nr_throttled (\d+)/.exec(readFileSync(`${cgroups.v2 ?? cgroups.cpu}/cpu.stat`, 'utf8'))?.[1];
  container.kill();
  await container.end();
  // How little it gets is for the rest of the machine to say; that it was held back, for the kernel.
  assert.ok(share < 0.3, `used ${share.toFixed(2)} of a CPU, allowed 0.2`);
  assert.ok(Number(throttled) > 0);
});

test('exit codes are the program’s, 127 for a missing program, 126 for one that cannot be executed', {
  timeout,
}, async () => {
  assert.equal((await run(image, id(), { args: ['sh', '-c', 'exit 42'] })).exitCode, 42);
  for (const [program, exitCode] of [
    ['/bin/nothing', 127],
    ['nothing', 127],
    ['/etc/passwd', 126],
  ] as const) {
    const container = new Supervised(image, id(), { args: [program] });
    assert.equal(JSON.parse((await container.frame(0x84)).payload).exitCode, exitCode, program);
  }
});

test('a terminal has the size asked for and is /dev/console', { timeout }, async () => {
  const { output } = await run(image, id(), {
    args: ['sh', '-c', 'test -t 0 && echo terminal; busybox stty size; ls -l /dev/console'],
    terminal: true,
  });
  assert.match(output, /terminal\r\n33 91\r\n/);
  assert.match(output, /136,\s+0/);
});

test('a program that closes its terminal can open it again', { timeout }, async () => {
  const script = 'exec < /dev/null > /dev/null 2>&1; sleep 1; echo again > /dev/console';
  const { output, exitCode } = await run(image, id(), { args: ['sh', '-c', script], terminal: true });
  assert.equal(exitCode, 0);
  assert.match(output, /again/);
});

test('the log holds what was written, stream by stream, in Docker’s json-file lines', { timeout }, async () => {
  const { container } = await run(image, id(), {
    args: ['sh', '-c', 'echo "a\tb"; echo wrong >&2; printf unfinished'],
  });
  const lines = container
    .log()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ log, stream }) => `${stream}: ${log}`).sort(), [
    'stderr: wrong\n',
    'stdout: a\tb\n',
    'stdout: unfinished',
  ]);
  assert.match(lines[0].time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
});

test('the container goes on when its first client is gone, and another can exec in it', { timeout }, async () => {
  const container = new Supervised(image, id(), { args: ['sleep', '1000'] });
  await container.start();
  // Attached, watched, started: what is under way when a client goes may be lost with it.
  while (container.frames.filter(({ type }) => type === 0x83).length < 3) await sleep(10);
  container.abandon();
  await new Promise((resolve) => setTimeout(resolve, 200));
  container.frames.length = 0;
  const socket = await container.reconnect();
  const process_ = {
    args: ['sh', '-c', 'cat; hostname; exit 7'],
    env: ['PATH=/bin'],
    cwd: '/',
    user: { uid: 0, gid: 0 },
    noNewPrivileges: true,
  };
  container.sendTo(socket, 0x07, Buffer.from(JSON.stringify({ process: process_, stdin: true })));
  await container.frame(0x83);
  container.sendTo(socket, 0x03, Buffer.from('sent\n'));
  container.sendTo(socket, 0x04, Buffer.alloc(0));
  const { exitCode } = await container.end();
  assert.equal(exitCode, 7);
  assert.equal(container.output(), 'sent\nboxed\n');
  container.frames.length = 0;
  container.sendTo(socket, 0x0c, Buffer.from('{}'));
  // This connection was the exec's: of a signal that comes late the container hears nothing.
  container.sendTo(socket, 0x06, Buffer.from('{"signal":9,"all":false}'));
  assert.match((await container.frame(0x84, 0x85)).payload, /the exec of this connection has ended/);
  container.sendTo(socket, 0x06, Buffer.from('{"signal":9,"all":true}'));
  assert.equal((await container.end()).exitCode, 137);
});

test('nothing is left after the end: no cgroup, no socket, no mount, and the exit record is there', {
  timeout,
}, async () => {
  const container = new Supervised(image, id(), { args: ['true'] });
  const { cgroups } = await container.start();
  await container.end();
  await new Promise((resolve) => container.child.once('exit', resolve));
  for (const directory of Object.values(cgroups)) assert.equal(existsSync(directory), false, directory);
  assert.equal(existsSync(path.join(container.directory, 'run/control.sock')), false);
  assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(container.directory), false);
  assert.equal(JSON.parse(readFileSync(path.join(container.directory, 'state/exit.json'), 'utf8')).exitCode, 0);
});

test('a client that leaves before the start leaves nothing behind', { timeout }, async () => {
  const container = new Supervised(image, id(), { args: ['true'] });
  const created = JSON.parse((await container.frame(0x86)).payload);
  const gone = new Promise((resolve) => container.child.once('exit', resolve));
  container.abandon();
  await gone;
  for (const directory of Object.values<string>(created.cgroups)) assert.equal(existsSync(directory), false, directory);
});

test('a /proc that the image made a link is refused', { timeout }, async () => {
  const container = new Supervised(image, id(), {
    args: ['true'],
    mounts: [{ destination: '/tmp/../etc/passwd', type: 'proc', source: 'proc', options: [] }],
  });
  const { payload } = await container.frame(0x84);
  assert.match(payload, /must be an ordinary directory/);
});

test('a quiet supervisor is one thread that does not wake, and keeps less than 200 kB', { timeout }, async () => {
  const container = new Supervised(image, id(), { args: ['sleep', '1000'] });
  await container.start();
  const status = () => readFileSync(`/proc/${container.child.pid}/status`, 'utf8');
  const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status())?.[1]);
  // It gives memory back after a second in which nothing happened.
  await sleep(3000 + 1000 * slowness);
  const wakes = number('voluntary_ctxt_switches');
  await sleep(3000);
  assert.equal(number('voluntary_ctxt_switches'), wakes);
  assert.equal(number('Threads'), 1);
  // A build with sanitizers keeps what it watches.
  if (process.env.BERTH_TEST_RUNTIME === undefined) assert.ok(number('VmRSS') < 200, `${number('VmRSS')} kB`);
  container.kill();
  await container.end();
});
