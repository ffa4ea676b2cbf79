/** The AppArmor profile of containers: there and enforced where the kernel has AppArmor, and never pretended. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { TestAgent } from './agent.ts';

const agent = new TestAgent();
const parameter = '/sys/module/apparmor/parameters/enabled';
const isActive = existsSync(parameter) && readFileSync(parameter, 'utf8').startsWith('Y');
const attempts = 'cat /proc/self/attr/apparmor/current 2>/dev/null; echo x > /proc/sys/kernel/domainname; echo $?';

before(() => agent.start());
after(() => agent.remove());

function run(...options: string[]) {
  return agent.docker('run', '--rm', ...options, 'busybox', 'sh', '-c', attempts);
}

test('a profile that is not loaded, or a kernel without AppArmor, refuses what was asked for', () => {
  const { status, err } = run('--security-opt', 'apparmor=berth-no-such-profile');
  assert.notEqual(status, 0);
  assert.match(err, isActive ? /no such profile is loaded/ : /AppArmor/);
  assert.match(run('--security-opt', 'apparmor=a b').err, /invalid --security-opt/);
  assert.equal(run('--security-opt', 'apparmor=unconfined').status, 0);
});

test('containers and their execs are confined by default, and inspect says by what', () => {
  const profile = isActive ? 'berth-default' : '';
  const id = agent.docker('run', '-d', 'busybox', 'sleep', '1000').out.trim();
  assert.equal(agent.docker('inspect', '-f', '{{.AppArmorProfile}}', id).out.trim(), profile);
  const { Pid } = JSON.parse(agent.docker('inspect', '-f', '{{json .State}}', id).out);
  const label = spawnSync('cat', [`/proc/${Pid}/attr/apparmor/current`], { encoding: 'utf8' }).stdout.trim();
  assert.equal(label, isActive ? 'berth-default (enforce)' : '');
  const inside = agent.docker('exec', id, 'sh', '-c', attempts).out;
  assert.match(inside, isActive ? /^berth-default \(enforce\)\n1\n$/ : /1\n$/);
});

test('what the profile denies is denied whatever else is given, and a host without AppArmor says so', () => {
  const told = agent.docker('info', '-f', '{{.SecurityOptions}} {{.Warnings}}').out;
  assert.equal(told.includes('name=apparmor'), isActive);
  assert.equal(told.includes('Neither AppArmor nor SELinux'), !isActive);
  if (!isActive) return;
  const options = ['--cap-add', 'SYS_ADMIN', '--security-opt', 'seccomp=unconfined'];
  const mount = ['busybox', 'mount', '-t', 'tmpfs', 'none', '/tmp'];
  const denied = agent.docker('run', '--rm', ...options, ...mount);
  assert.match(denied.err, /Permission denied|permission denied/);
  const log = spawnSync('dmesg', { encoding: 'utf8' }).stdout;
  assert.match(log, /apparmor="DENIED" operation="mount".* profile="berth-default"/);
  const free = agent.docker('run', '--rm', ...options, '--security-opt', 'apparmor=unconfined', ...mount);
  assert.doesNotMatch(free.err, /ermission denied/);
});

test('an agent that is confined itself stacks the container’s profile on its own', async (t) => {
  if (!isActive) return t.diagnostic('not applicable: this kernel has no AppArmor');
  const own = `berth-test-agent-${process.pid}`;
  const rules = 'file, network, capability, mount, remount, umount, pivot_root, signal, ptrace, unix, change_profile,';
  const load = (action: string) =>
    spawnSync('apparmor_parser', [action, '--skip-cache'], {
      input: `abi <abi/3.0>,\nprofile ${own} flags=(attach_disconnected,mediate_deleted) { ${rules} }\n`,
      encoding: 'utf8',
    });
  const loaded = load('--replace');
  assert.equal(loaded.status, 0, loaded.stderr);
  try {
    await agent.end('SIGTERM');
    await agent.start(['aa-exec', '--profile', own, '--']);
    const id = agent.docker('run', '-d', 'busybox', 'sleep', '1000').out.trim();
    const both = `${own}//&berth-default`;
    const label = agent.docker(
      'exec',
      id,
      'cat',
      '/proc/self/attr/apparmor/current',
      '/proc/1/attr/apparmor/current',
    ).out;
    const names = label
      .trim()
      .split('\n')
      .map((line) => line.replace(/ .*/, '').split('//&').sort().join('//&'));
    assert.deepEqual(names, [both.split('//&').sort().join('//&'), both.split('//&').sort().join('//&')]);
    // Signals go from the supervisor, which has the agent's profile, to the stack of both.
    assert.equal(agent.docker('kill', id).status, 0);
    assert.equal(agent.docker('wait', id).out.trim(), '137');
    agent.docker('rm', id);
  } finally {
    await agent.end('SIGTERM');
    await agent.start();
    load('--remove');
  }
});
