/** SELinux labels of containers: theirs alone and enforced where the kernel has SELinux, and never pretended elsewhere. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TestAgent } from './agent.ts';

const agent = new TestAgent();
const isActive = existsSync('/sys/fs/selinux/enforce');
const isEnforcing = isActive && readFileSync('/sys/fs/selinux/enforce', 'utf8') === '1';
const shared = path.join(agent.directory, 'shared');
/** Both with the host's ids: no user namespace stands between them. */
const sameIds = ['--userns', 'host'];

before(() => agent.start());
after(() => agent.remove());

/** A container that runs until the end. */
function live(...options: string[]): string {
  const answer = agent.docker('run', '-d', ...options, 'busybox', 'sleep', '10000');
  assert.equal(answer.status, 0, answer.err);
  return answer.out.trim();
}

function shell(id: string, script: string): string {
  const { out, err } = agent.docker('exec', id, 'sh', '-c', script);
  return `${out}${err}`.replaceAll('\0', '\n').trim();
}

function labelled(name: string, look: () => void | Promise<void>): void {
  test(name, async (t) => {
    if (isActive) await look();
    else t.diagnostic('not applicable: this kernel has no SELinux');
  });
}

const inspect = (id: string) => JSON.parse(agent.docker('inspect', id).out)[0];
const processLabel = (pid: number) => readFileSync(`/proc/${pid}/attr/current`, 'utf8').replace('\0', '').trim();
const fileLabel = (file: string, ...options: string[]) =>
  spawnSync('ls', ['-dZ', ...options, file], { encoding: 'utf8' })
    .stdout.trim()
    .split(/\s+/)[0] ?? '';
const levelOf = (label: string) => label.split(':').slice(3).join(':');

test('a label that was asked for is refused where nothing can give it', () => {
  const told = agent.docker('info', '-f', '{{.SecurityOptions}}').out;
  assert.equal(told.includes('name=selinux'), isActive);
  const unknown = agent.docker('create', '--security-opt', 'label=type:berth_no_such_t', 'busybox', 'true');
  assert.notEqual(unknown.status, 0);
  assert.match(unknown.err, isActive ? /has no label system_u:system_r:berth_no_such_t:/ : /SELinux is not active/);
  for (const option of ['label=type:a b', 'label=level:c1', 'label=enable', 'label=type:container_t\nx'])
    assert.match(
      agent.docker('create', '--security-opt', option, 'busybox', 'true').err,
      /invalid --security-opt|has no label|not active/,
      option,
    );
  assert.equal(agent.docker('ps', '--all', '--quiet').out, '', 'nothing was made');
});

test('relabelling is accepted and does nothing where there are no labels', (t) => {
  if (isActive) return t.diagnostic('not applicable: this kernel has SELinux');
  const directory = path.join(agent.directory, 'plain');
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'file'), 'plain\n', { mode: 0o644 });
  const answer = agent.docker(
    'run',
    '--rm',
    '-v',
    `${directory}:/v:z`,
    '-v',
    `${directory}:/w:Z`,
    'busybox',
    'cat',
    '/v/file',
  );
  assert.equal(answer.out, 'plain\n', answer.err);
  const made = agent.docker('create', '--security-opt', 'label=disable', 'busybox', 'true').out.trim();
  assert.equal(inspect(made).ProcessLabel, '');
  assert.equal(inspect(made).MountLabel, '');
});

labelled('containers and their execs have a label of their own, and inspect tells it', () => {
  const [one, other] = [live('--name', 'one', ...sameIds), live('--name', 'other', ...sameIds)];
  const { ProcessLabel, MountLabel, State } = inspect(one);
  assert.match(ProcessLabel, /^system_u:system_r:container_t:s0:c\d+,c\d+$/);
  assert.equal(MountLabel, `system_u:object_r:container_file_t:${levelOf(ProcessLabel)}`);
  assert.equal(processLabel(State.Pid), ProcessLabel);
  assert.notEqual(inspect(other).ProcessLabel, ProcessLabel);
  assert.equal(shell(one, 'cat /proc/self/attr/current'), ProcessLabel);
  for (const place of [
    'root/',
    'root/etc/hosts',
    'root/dev',
    'root/dev/pts',
    'root/dev/shm',
    'root/dev/mqueue',
    'fd/1',
  ])
    assert.equal(fileLabel(`/proc/${State.Pid}/${place}`, '-L'), MountLabel, place);
  const joined = live('--pid', 'container:one');
  assert.equal(processLabel(inspect(joined).State.Pid), ProcessLabel);
  agent.docker('rm', '--force', joined);
});

labelled('what the policy denies is EACCES inside and a record in the audit log', () => {
  assert.equal(isEnforcing, true);
  const file = path.join(agent.directory, 'of-the-host');
  writeFileSync(file, 'of the host\n', { mode: 0o666 });
  const level = levelOf(inspect('one').ProcessLabel);
  const id = live(...sameIds, '--security-opt', `label=level:${level}`, '-v', `${file}:/file`);
  assert.match(shell(id, 'cat /file'), /Permission denied/);
  assert.match(shell(id, 'echo x > /file'), /Permission denied/);
  assert.equal(readFileSync(file, 'utf8'), 'of the host\n');
  const log = spawnSync('dmesg', { encoding: 'utf8' }).stdout;
  const record = log
    .split('\n')
    .find((line) => line.includes('avc:  denied  { read } ') && line.includes(`container_t:${level}`));
  assert.match(record ?? log, /scontext=system_u:system_r:container_t:s0:c\S+ tcontext=\S+ tclass=file permissive=0/);
  agent.docker('rm', '--force', id);
});

labelled('two containers with the same ids cannot read each other’s volume, by the label alone', () => {
  const directory = path.join(agent.directory, 'private');
  mkdirSync(directory, { mode: 0o777 });
  writeFileSync(path.join(directory, 'secret'), 'of one\n', { mode: 0o666 });
  const own = live(...sameIds, '-v', `${directory}:/v:Z`);
  assert.equal(shell(own, 'cat /v/secret; echo more > /v/made; cat /v/made'), 'of one\nmore');
  assert.equal(fileLabel(path.join(directory, 'made')), inspect(own).MountLabel);
  // The very same mount and the same ids, first with a label of its own, then with none.
  const stranger = live(...sameIds, '-v', `${directory}:/v`);
  assert.match(shell(stranger, 'cat /v/secret'), /Permission denied/);
  assert.match(shell(stranger, 'ls /v'), /Permission denied/);
  const unlabelled = live(...sameIds, '--security-opt', 'label=disable', '-v', `${directory}:/v`);
  assert.equal(shell(unlabelled, 'cat /v/secret'), 'of one');
  assert.match(processLabel(inspect(unlabelled).State.Pid), /:spc_t:s0$/);
  agent.docker('rm', '--force', own, stranger, unlabelled);
});

labelled('z shares a directory, and a volume is shared from the start', () => {
  mkdirSync(shared, { mode: 0o777 });
  writeFileSync(path.join(shared, 'file'), 'for all\n', { mode: 0o666 });
  const one = live(...sameIds, '-v', `${shared}:/v:z`, '-v', 'berth-label:/volume');
  const other = live(...sameIds, '-v', `${shared}:/v`, '-v', 'berth-label:/volume');
  assert.equal(shell(one, 'cat /v/file; echo of one > /volume/file'), 'for all');
  assert.equal(shell(other, 'cat /v/file /volume/file'), 'for all\nof one');
  assert.equal(fileLabel(path.join(shared, 'file')), 'system_u:object_r:container_file_t:s0');
  const modes = inspect(one).Mounts.map((mount: { Mode: string }) => mount.Mode);
  assert.ok(modes.includes('z'), String(modes));
  agent.docker('rm', '--force', one, other);
});

labelled(
  'P10: relabelling stays in the directory and refuses those that hold the host together (CVE-2021-43816)',
  () => {
    const directory = path.join(agent.directory, 'trap');
    const outside = path.join(agent.directory, 'outside');
    for (const one of [directory, outside, path.join(directory, 'mounted')]) mkdirSync(one);
    writeFileSync(path.join(outside, 'file'), 'outside\n');
    symlinkSync(outside, path.join(directory, 'link'));
    symlinkSync(path.join(outside, 'file'), path.join(directory, 'file-link'));
    spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', path.join(directory, 'mounted')]);
    try {
      const places = [outside, path.join(outside, 'file'), path.join(directory, 'mounted')];
      const before_ = places.map((place) => fileLabel(place));
      const answer = agent.docker('run', '--rm', '-v', `${directory}:/v:Z`, 'busybox', 'true');
      assert.equal(answer.status, 0, answer.err);
      assert.match(fileLabel(directory), /:container_file_t:s0:c\d+,c\d+$/);
      assert.deepEqual(
        places.map((place) => fileLabel(place)),
        before_,
      );
    } finally {
      spawnSync('umount', [path.join(directory, 'mounted')]);
    }
    const toEtc = path.join(agent.directory, 'to-etc');
    symlinkSync('/etc', toEtc);
    const refused = [
      '/',
      '/etc',
      '/usr',
      '/home',
      '/sys/kernel',
      toEtc,
      path.join(agent.directory, 'data'),
      agent.directory,
    ];
    for (const place of refused) {
      const label = fileLabel(`${place}/.`);
      const answer = agent.docker('run', '--rm', '-v', `${place}:/v:z`, 'busybox', 'true');
      assert.match(answer.err, /relabelling of .* is not allowed|belongs to the agent itself/, place);
      assert.equal(fileLabel(`${place}/.`), label);
    }
  },
);

labelled('pairs stay unique when the agent comes back', async () => {
  const levels = () =>
    agent
      .docker('ps', '--all', '--quiet')
      .out.split('\n')
      .filter(Boolean)
      .map((id) => levelOf(inspect(id).ProcessLabel));
  const made = levels();
  await agent.end('SIGKILL');
  await agent.start();
  for (let count = 0; count < 3; count++) agent.docker('create', 'busybox', 'true');
  const all = levels();
  assert.equal(new Set(all).size, made.length + 3);
  for (const level of made) assert.ok(all.includes(level));
  assert.equal(shell('one', 'cat /proc/self/attr/current'), inspect('one').ProcessLabel);
});
