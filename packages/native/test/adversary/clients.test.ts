/** Rows X, the native half: hostile clients of a supervisor, execs by the hundred, what a container writes to its log. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Supervised, slowness } from '../supervised.ts';
import { descriptors, Kit, until } from './kit.ts';

const kit = new Kit();
const sleeping = { args: ['sleep', '1000'] };
const process_ = (...args: string[]) => ({
  args,
  env: ['PATH=/bin'],
  cwd: '/',
  user: { uid: 0, gid: 0 },
  noNewPrivileges: true,
});

/** One more connection to a supervisor. */
class Client {
  readonly socket: net.Socket;
  readonly frames: { type: number; payload: string }[] = [];
  #buffer = Buffer.alloc(0);

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      while (this.#buffer.length >= 8 && this.#buffer.length >= 8 + this.#buffer.readUInt32BE(4)) {
        const length = this.#buffer.readUInt32BE(4);
        this.frames.push({ type: this.#buffer[0] ?? 0, payload: this.#buffer.toString('utf8', 8, 8 + length) });
        this.#buffer = this.#buffer.subarray(8 + length);
      }
    });
  }

  send(type: number, body: object = {}): void {
    const payload = Buffer.from(JSON.stringify(body));
    const header = Buffer.alloc(8);
    header[0] = type;
    header.writeUInt32BE(payload.length, 4);
    this.socket.write(Buffer.concat([header, payload]));
  }

  exec(process: object): void {
    this.send(0x07, { process, stdin: false });
  }

  async answers(count: number): Promise<{ type: number; payload: string }[]> {
    const found = () => this.frames.filter(({ type }) => type === 0x83 || type === 0x84);
    await until(() => found().length >= count || this.socket.destroyed);
    return found();
  }
}

/** Opens as many connections as the supervisor and its backlog take. */
async function connect(container: Supervised, count: number, first = Buffer.alloc(0)): Promise<Client[]> {
  const open: Client[] = [];
  for (let at = 0; at < count; at++) {
    const socket = net.connect(path.join(container.directory, 'run/control.sock'));
    const result = await new Promise<string>((resolve) => {
      socket.once('connect', () => resolve('connected'));
      socket.once('error', (error) => resolve(String(error)));
    });
    if (result !== 'connected') break;
    if (first.length > 0) socket.write(first);
    open.push(new Client(socket));
  }
  return open;
}

function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

async function connectOne(container: Supervised): Promise<Client> {
  const [client] = await connect(container, 1);
  assert.ok(client !== undefined);
  return client;
}

function close(clients: Client[]): void {
  for (const { socket } of clients) socket.destroy();
}

/** The supervisor has only so many left to open. */
function limitDescriptors(pid: number, left: number | undefined): void {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let limit = 0;
  for (let free = 0; left !== undefined && free <= left; limit++) if (!open.has(limit)) free++;
  const soft = left === undefined ? 1024 : limit - 1;
  assert.equal(spawnSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`]).status, 0);
}

kit.case('X4', 'execs that fail leave nothing open in the supervisor (CVE-2022-23471, CVE-2025-64329)', async () => {
  await kit.supervised(sleeping, async (container, _init, supervisor) => {
    const before = descriptors(supervisor);
    const errors: { errno: number; step: string }[] = [];
    for (let left = 0; left < 16; left++) {
      const client = await connectOne(container);
      client.send(0x0b);
      await client.answers(1);
      limitDescriptors(supervisor, left);
      client.exec(process_(left % 2 === 0 ? 'true' : '/nothing'));
      const [, answer] = await client.answers(2);
      if (answer?.type === 0x84) errors.push(JSON.parse(answer.payload));
      limitDescriptors(supervisor, undefined);
      close([client]);
    }
    await until(() => descriptors(supervisor).length <= before.length);
    assert.deepEqual(descriptors(supervisor), before);
    assert.ok(errors.some((one) => one.errno === 24) && errors.every((one) => one.step !== ''), JSON.stringify(errors));
  });
});

kit.case('X4', 'hundreds of execs at once, floods that nobody reads, a storm of resizes', async (t) => {
  const count = slowness > 1 ? 30 : 200;
  await kit.supervised({ ...sleeping, terminal: true }, async (container, _init, supervisor) => {
    const before = descriptors(supervisor);
    const memory = residentKb(supervisor);
    const clients = await connect(container, count);
    assert.equal(clients.length, count);
    for (const [at, client] of clients.entries()) {
      if (at % 10 === 0) client.socket.pause();
      client.exec(at % 10 === 0 ? { ...process_('yes'), terminal: at % 20 === 0 } : process_('true'));
      for (let size = 1; size < 20; size++) client.send(0x05, { width: size * 100, height: 70_000 - size });
    }
    const last = await connectOne(container);
    last.send(0x0b);
    await last.answers(1);
    // Those of execs that have ended must not hit the container.
    for (const client of clients) client.send(0x06, { signal: 9, all: false });
    last.send(0x0b);
    await last.answers(2);
    close([...clients, last]);
    await until(() => descriptors(supervisor).length === before.length);
    assert.deepEqual(descriptors(supervisor), before);
    await setTimeout(1500 * slowness); // it gives memory back when it is idle
    const now = residentKb(supervisor);
    t.diagnostic(`${count} execs; ${memory} kB resident before, ${now} kB after`);
    assert.ok(now < memory + 1024, `${memory} kB, then ${now} kB`);
  });
});

kit.case('X4', 'an exec in a container that is paused, or dying', async () => {
  await kit.supervised(sleeping, async (container) => {
    const client = await connectOne(container);
    client.send(0x08);
    client.exec(process_('true'));
    client.send(0x09);
    const [, paused] = await client.answers(3);
    assert.match(paused?.payload ?? '', /the container is paused/);
    container.kill();
    const late = await connect(container, 20);
    for (const one of late) one.exec(process_('true'));
    for (const one of late) await one.answers(1);
  });
});

kit.case('X', 'frames of 4 GiB, half frames, frames of no type', async () => {
  await kit.supervised(sleeping, async (container, _init, supervisor) => {
    const before = descriptors(supervisor);
    const bodies = [
      Buffer.from([7, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
      Buffer.from([7, 0, 0, 0, 0, 0x10, 0, 1]),
      Buffer.from([7, 0, 0, 0, 0, 0, 16, 0, 0x7b]),
      Buffer.from([3, 0]),
      Buffer.concat([Buffer.from([0xee, 9, 9, 9, 0, 0, 0, 2]), Buffer.from('{}')]),
      Buffer.concat([Buffer.from([7, 0, 0, 0, 0, 0, 0, 4]), Buffer.from('[[[[')]),
    ];
    const clients: Client[] = [];
    for (const body of bodies) clients.push(...(await connect(container, 10, body)));
    assert.equal(clients.length, 60);
    const good = await connectOne(container);
    good.send(0x0b);
    await good.answers(1);
    close([...clients, good]);
    await until(() => descriptors(supervisor).length === before.length);
  });
});

kit.case('X', 'ten thousand connections: so many are taken, and the container goes on', async (t) => {
  const count = slowness > 1 ? 1500 : 10_000;
  await kit.supervised(
    { args: ['sh', '-c', 'while sleep 0.1; do echo alive; done'] },
    async (container, _init, supervisor) => {
      const before = descriptors(supervisor).length;
      for (const few of [true, false]) {
        limitDescriptors(supervisor, few ? 50 : undefined);
        const clients = await connect(container, count);
        const taken = descriptors(supervisor).length - before;
        t.diagnostic(
          `${few ? '50 descriptors left' : 'a limit of 1024 descriptors'}: ${taken} taken, ${clients.length} connected`,
        );
        assert.ok(taken <= (few ? 50 : 1024) && clients.length < count);
        const ticks = cpuTicks(supervisor);
        const lines = container.output().length;
        await setTimeout(2000);
        assert.ok(container.output().length > lines, 'the output goes on');
        assert.ok(
          cpuTicks(supervisor) - ticks < 50,
          `${cpuTicks(supervisor) - ticks} ticks of the CPU while nothing happened`,
        );
        close(clients);
        await until(() => descriptors(supervisor).length === before);
        close([await connectOne(container)]);
      }
    },
  );
});

kit.case('X', 'a container that has the run directory of a supervisor takes nothing over', async () => {
  await kit.supervised(sleeping, async (container) => {
    const run = path.join(container.directory, 'run');
    const { id: victim, bundle } = kit.make((config) => {
      config.process.args = ['sleep', '1000'];
      const maps = [{ containerID: 0, hostID: 1_700_000, size: 65_536 }];
      config.linux.namespaces.push({ type: 'user' });
      Object.assign(config.linux, { uidMappings: maps, gidMappings: maps });
      const binds = [
        [run, '/run-dir'],
        [kit.program('call'), '/call'],
      ];
      for (const [source, destination] of binds)
        config.mounts.push({ type: 'bind', source, destination, options: ['bind'] });
    });
    spawnSync('chown', ['-R', '1700000:1700000', path.join(bundle, 'rootfs')]);
    kit.create(victim, bundle);
    assert.equal(kit.call('start', victim).status, 0);
    const address = Buffer.alloc(110);
    address.writeUInt16LE(1);
    address.write('/run-dir/control.sock', 2);
    const connects = ['41', '1', '1', '0', '--', '42', '$', `:${address.toString('hex')}`, '110'];
    assert.match(kit.call('exec', victim, '/call', '64', ...connects).out, /^\d+\nEACCES\n$/);
    for (const script of ['rm -f /run-dir/control.sock', 'echo x > /run-dir/pid.json', 'cat /run-dir/pid.json'])
      assert.notEqual(kit.call('exec', victim, 'sh', '-c', script).status, 0, script);
    close([await connectOne(container)]);
  });
});

kit.case('X7', 'the log file is a link (CVE-2026-33711, CVE-2026-53489)', async () => {
  const target = path.join(kit.canary, 'secret');
  const directory = path.join(kit.image.directory, 'linked/state');
  mkdirSync(directory, { recursive: true });
  symlinkSync(target, path.join(directory, 'log'));
  const container = kit.supervise('linked', sleeping);
  const { type, payload } = await container.frame(0x84, 0x86);
  assert.equal(type, 0x84);
  assert.match(payload, /opening the log.*ELOOP|opening the log.*"errno":40/);
});

kit.case('X8', 'lines without end, NULs, invalid UTF-8, returns, forged lines in a log', async () => {
  const megabytes = slowness > 1 ? 1 : 16;
  const forged = '{"log":"forged\\n","stream":"stdout","time":"2000-01-01T00:00:00Z"}';
  const script = [
    `head -c ${megabytes}m /dev/zero`,
    'echo',
    `printf '\\377\\376\\300\\257\\355\\240\\200\\n\\r\\r\\r\\033[2J\\n'`,
    `printf '%s\\n' '${forged}'`,
    `printf '\\001\\000\\000\\000\\000\\000\\000\\005hello' >&2`,
  ].join(';');
  const name = `supervised-log`;
  const container = kit.supervise(name, { args: ['sh', '-c', script] });
  await container.start();
  await container.end();
  const lines = container
    .log()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { log: string; stream: string; time: string });
  assert.ok(lines.every((one) => Buffer.byteLength(one.log) <= 3 * 16_384 && !one.time.startsWith('2000')));
  const text = lines
    .filter((one) => one.stream === 'stdout')
    .map((one) => one.log)
    .join('');
  assert.equal(text.indexOf('\n'), megabytes * 1024 * 1024, 'all of it, in order');
  assert.ok(text.endsWith(`${forged}\n`));
  assert.equal(
    lines
      .filter((one) => one.stream === 'stderr')
      .map((one) => one.log)
      .join(''),
    '\u0001\0\0\0\0\0\0\u0005hello',
  );
  assert.ok(existsSync(path.join(container.directory, 'state/exit.json')));
});
