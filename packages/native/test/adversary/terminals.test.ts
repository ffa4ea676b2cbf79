/** Rows P14, P17 and U11: the operator's terminal, numbers of processes that are used again, groups. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { runtimePath } from '../../index.js';
import { slowness } from '../supervised.ts';
import { type Config, Kit, until } from './kit.ts';

const kit = new Kit();

kit.case('P14', 'input is pushed into the terminal of whoever started it (CVE-2017-5226)', () => {
  const session = (...line: string[]) =>
    spawnSync(kit.program('session'), line, { encoding: 'utf8', timeout: 20_000 * slowness }).stdout;
  const inSession = (...args: string[]) => session(runtimePath, '--root', kit.root, ...args);
  // TIOCSTI of one character each, TIOCSCTTY with force, TIOCLINUX's paste.
  const push = [
    '16',
    '0',
    '0x5412',
    '@r',
    '--',
    '16',
    '0',
    '0x5412',
    '@m',
    '--',
    '16',
    '0',
    '0x540e',
    '1',
    '--',
    '16',
    '0',
    '0x5412',
    '@x',
    '--',
    '16',
    '0',
    '0x541c',
    ':03',
  ];
  // Whoever has the terminal as its own may, unless this kernel lets nobody.
  if (/^0 bytes pushed/m.test(session(kit.program('call'), '64', ...push)))
    kit.lacks('TIOCSTI (dev.tty.legacy_tiocsti)');
  const withCall = (config: Config) =>
    config.mounts.push({ type: 'bind', source: kit.program('call'), destination: '/call', options: ['bind', 'ro'] });
  for (const terminal of [false, true]) {
    const { id, bundle } = kit.make((config) => {
      withCall(config);
      config.process.terminal = terminal;
      config.process.args = ['/call', '64', ...push];
    });
    assert.match(inSession('run', '--bundle', bundle, id), /^0 bytes pushed, status 0/m, `run, terminal: ${terminal}`);
    const running = kit.live(withCall);
    const answer = inSession('exec', ...(terminal ? ['--tty'] : []), running, '/call', '64', ...push);
    assert.match(answer, /^0 bytes pushed, status 0/m, `exec, terminal: ${terminal}`);
  }
});

kit.case('P17', 'the number of its first process is another’s by now', async () => {
  const id = kit.live();
  const { pid } = kit.state(id);
  process.kill(pid, 'SIGKILL');
  await until(() => !existsSync(`/proc/${pid}`));
  const bystander = spawn(kit.program('again'), [String(pid)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const told = Promise.race([once(bystander.stdout, 'data'), once(bystander.stderr, 'data')]);
  assert.match(String((await told)[0]), /there/);
  try {
    assert.equal(kit.state(id).status, 'stopped');
    for (const line of [
      ['kill', id, 'KILL'],
      ['kill', '--all', id, 'KILL'],
      ['exec', id, 'true'],
      ['pause', id],
      ['ps', id],
      ['delete', '--force', id],
    ])
      kit.call(...line);
    assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^State:\s+S/m);
    assert.equal(readFileSync(`/proc/${pid}/comm`, 'utf8'), 'again\n');
  } finally {
    process.kill(pid, 'SIGKILL');
  }
});

kit.case('U11', 'a caller without rights gets a user namespace whose groups can be dropped', () => {
  const answer = spawnSync(runtimePath, ['--rootless=true', '--root', kit.root, 'list'], { encoding: 'utf8' });
  assert.equal(answer.status, 1);
  assert.match(answer.stderr, /--rootless=true is not supported/);
  const maps = [{ containerID: 0, hostID: 1_500_000, size: 65_536 }];
  const out = kit.shell('cat /proc/self/setgroups; busybox unshare -Ur cat /proc/self/setgroups', (config) => {
    config.linux.namespaces.push({ type: 'user' });
    Object.assign(config.linux, { uidMappings: maps, gidMappings: maps });
    for (const set of ['bounding', 'effective', 'permitted']) config.process.capabilities[set].push('CAP_SETFCAP');
  });
  assert.equal(out, 'allow\ndeny', 'of root’s own maps as the specification says; of nested ones the kernel denies it');
});
